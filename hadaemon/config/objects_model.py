"""[networks] of cluster.toml, validated, and what packets are compared with: networks, names, and exceptions.

A name stays one wherever it is used, so that it is written as it was read, and is one set of nftables.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import TypeAlias, Union

from hadaemon.vrrp.model import IPAddress, IPNetwork

LISTS = "networks"
"""The folder of lists below cluster.d."""
LIST_SUFFIX = ".txt"
EXCEPT = "!"
"""What stands before an exception."""


@dataclass(frozen=True, slots=True)
class NetworkObject:
    """A name for networks. Made by `network_object`."""

    name: str
    members: tuple[Union[IPNetwork, "NetworkObject"], ...] = ()
    """As they are written; none: a file has them."""
    file: str = ""
    """A list below cluster.d/networks/; empty: none."""
    digest: str = ""
    """SHA-256 of the list's text, by which two are compared; empty: there is none, or nobody has read it."""
    networks: tuple[IPNetwork, ...] = field(default=(), compare=False)
    """All of it: IPv4 before IPv6, in their order, none in another."""

    def __str__(self) -> str:
        return self.name

    @property
    def is_unread(self) -> bool:
        """Some of it is in a file that nobody has read."""
        return bool(self.file and not self.digest) or any(
            isinstance(each, NetworkObject) and each.is_unread for each in self.members
        )

    def has(self, ip: IPAddress) -> bool:
        """Whether the address is in one of its networks."""
        place = bisect_right(self.networks, _place(ip), key=lambda network: _place(network.network_address))
        return place > 0 and ip in self.networks[place - 1]

    def of(self, family: int) -> tuple[IPNetwork, ...]:
        """Those of one family: 4 or 6."""
        return tuple(network for network in self.networks if network.version == family)


Item: TypeAlias = IPNetwork | NetworkObject


@dataclass(frozen=True, slots=True)
class Exempt:
    """All but this."""

    item: Item

    def __str__(self) -> str:
        return f"{EXCEPT}{self.item}"


Addresses: TypeAlias = tuple[Item | Exempt, ...]
"""In one of the items, if there are any, and in none of the exceptions; none at all: any address."""


def network_object(
    name: str,
    members: Iterable[Item] = (),
    file: str = "",
    digest: str = "",
    listed: Iterable[IPNetwork] = (),
) -> NetworkObject:
    """One whose `networks` are what it has. `listed`: what its file has."""
    members = tuple(members)
    networks = tuple(collapsed((*networks_of(members), *listed)))
    return NetworkObject(name, members, file, digest, networks)


def collapsed(networks: Iterable[IPNetwork]) -> Iterator[IPNetwork]:
    """The same addresses, none twice: nftables refuses what overlaps. IPv4 before IPv6."""
    networks = tuple(networks)
    yield from collapse_addresses(each for each in networks if isinstance(each, IPv4Network))
    yield from collapse_addresses(each for each in networks if isinstance(each, IPv6Network))


def networks_of(items: Iterable[Item]) -> Iterator[IPNetwork]:
    """All networks that they name."""
    for item in items:
        if isinstance(item, NetworkObject):
            yield from item.networks
        else:
            yield item


def items_of(addresses: Addresses) -> tuple[Item, ...]:
    """Without the exceptions."""
    return tuple(each for each in addresses if not isinstance(each, Exempt))


def exceptions_of(addresses: Addresses) -> tuple[Item, ...]:
    """What the exceptions are about."""
    return tuple(each.item for each in addresses if isinstance(each, Exempt))


def is_among(ip: IPAddress, addresses: Addresses) -> bool:
    """Whether packets with this address fit."""
    items = items_of(addresses)
    return (not items or any(_has(item, ip) for item in items)) and not any(
        _has(item, ip) for item in exceptions_of(addresses)
    )


def families_of(item: Item) -> frozenset[int]:
    """Those of which it has a network; both, as long as nobody knows."""
    if not isinstance(item, NetworkObject):
        return frozenset({item.version})
    return frozenset({network.version for network in item.networks} if _is_whole(item) else {4, 6})


def _is_whole(item: NetworkObject) -> bool:
    return bool(item.networks) and not item.is_unread


def _has(item: Item, ip: IPAddress) -> bool:
    return item.has(ip) if isinstance(item, NetworkObject) else ip in item


def _place(ip: IPAddress) -> tuple[int, int]:
    return ip.version, int(ip)
