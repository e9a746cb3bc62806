"""Whether a tunnel's own packets can leave beside it: they go by the routing table, too."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from hadaemon.config.address_book import Book, Entry, Role
from hadaemon.config.model import ClusterConfig
from hadaemon.vrrp.model import IPAddress, IPNetwork

_WAYS = (Role.OWN, Role.VIRTUAL, Role.ROUTE)
"""What leads to an endpoint in place of the tunnel, if it is narrower than what the tunnel takes."""


def tunnel_mistakes(cluster: ClusterConfig, book: Book) -> Iterator[tuple[Entry, str]]:
    """What takes a tunnel's own packets: the entry that is told of, and message. `book`: of the pair.

    Everything (0.0.0.0/0, ::/0) takes none of them: see `hadaemon.io.kernel.policy_rules`.
    """
    for tunnel in cluster.follow.wireguard:
        mine = [each for each in book if each.port == tunnel.name]
        allowed = [each for each in mine if each.role is Role.ALLOWED and _length(each)]
        for end in mine:
            taken = _taken(end.ip, allowed, book) if end.role is Role.ENDPOINT else None
            if taken is not None:
                yield (
                    end,
                    f"{end.ip} is in {taken.network}, which the tunnel takes ({taken.key}): its own packets "
                    f"would go into it; leave {end.ip} out there, or add a route to it ([[routes]])",
                )
        for entry, everything in _everything(allowed):
            yield (
                entry,
                f"the networks of tunnel {tunnel.name} are everything together, and so take the tunnel's "
                f'own packets too: write "{everything}" in their place, which spares these',
            )


def _taken(ip: IPAddress | None, allowed: list[Entry], book: Book) -> Entry | None:
    """The network that takes packets to that address into the tunnel; None: another way is more exact."""
    taking = _longest(ip, allowed)
    if taking is None or taking.network is None:
        return None
    way = _longest(ip, [each for each in book if each.role in _WAYS and each.metric is not None])
    if way is not None and way.network is not None and way.network.prefixlen > taking.network.prefixlen:
        return None
    return taking


def _longest(ip: IPAddress | None, entries: list[Entry]) -> Entry | None:
    holding = [each for each in entries if each.network is not None and ip is not None and ip in each.network]
    return max(holding, key=_length, default=None)


def _length(entry: Entry) -> int:
    return entry.network.prefixlen if entry.network is not None else -1


def _everything(allowed: list[Entry]) -> Iterator[tuple[Entry, IPNetwork]]:
    """The first network of each family of which all together are everything, and everything."""
    for version in (4, 6):
        family = [each for each in allowed if each.network is not None and each.network.version == version]
        yield from ((family[0], network) for network in _together(family) if not network.prefixlen)


def _together(entries: list[Entry]) -> list[IPNetwork]:
    fours = [each.network for each in entries if isinstance(each.network, IPv4Network)]
    sixes = [each.network for each in entries if isinstance(each.network, IPv6Network)]
    return [*collapse_addresses(fours), *collapse_addresses(sixes)]
