"""What a node cannot reach while it is backup: virtual addresses, tunnels and dial-ins are not there then."""

from collections.abc import Iterator
from dataclasses import dataclass

from hadaemon.config.address_book import Entry, Role, address_in, book_of_pair, web_host
from hadaemon.config.check_model import CountsOn
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.network_model import Route, RouteKind, System, While
from hadaemon.vrrp.model import IPAddress

_AWAY = (Role.VIRTUAL, Role.TUNNEL, Role.ALLOWED)
"""Networks to which the active node alone has a route."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How packets of the backup go somewhere."""

    length: int
    """Of the prefix: the longest counts."""
    metric: int
    lacks: str
    """Why nothing comes of it; empty: it leads there."""


class Reach:
    """The ways of one node while it is backup."""

    def __init__(self, node: NodeConfig, cluster: ClusterConfig) -> None:
        self._node = node
        self._cluster = cluster
        self._book = book_of_pair(node, cluster)
        self._routes = node.system.over(cluster.system).routes

    def lacking(self, host: IPAddress | None) -> str:
        """Why the backup cannot reach a host; empty: it can, or no node could. None: one that has a name,
        which is anywhere."""
        ways = [*self._links(host), *self._routed(host)]
        if ways:
            return min(ways, key=lambda way: (-way.length, way.metric, way.lacks)).lacks
        return self._else(host)

    def _links(self, host: IPAddress | None) -> Iterator[_Way]:
        """Networks of own addresses, on ports that are up."""
        for entry in self._holding(host, Role.OWN):
            if entry.network is not None and entry.port not in self._cluster.follow.ports:
                yield _Way(entry.network.prefixlen, 0, "")

    def _routed(self, host: IPAddress | None) -> Iterator[_Way]:
        """Most routes are there on the backup, too, even if the gateway cannot be reached."""
        for route in self._routes:
            if route.table is not None or route.exists_while is While.ACTIVE:
                continue
            network = route.destination
            if not network.prefixlen if host is None else host in network:
                yield _Way(network.prefixlen, route.metric or 0, self._lacks(route))

    def _lacks(self, route: Route) -> str:
        if route.kind is not RouteKind.UNICAST:
            return f"the route to {route.destination} is of type {route.kind}"
        port = None if route.port is None else self._node.ports.get(route.port)
        gateway, version = route.gateway, route.destination.version
        near = (port,) if port is not None else tuple(self._node.ports.values())
        up = [each for each in near if each.name not in self._cluster.follow.ports]
        if not up:
            return f"port {near[0].name} is up on the active node alone (follow.ports)"
        if gateway is None or gateway.is_link_local:
            has = any(
                own.version == version and not own.ip.is_link_local for each in up for own in each.addresses
            )
            return "" if has else f"port {up[0].name} has no own IPv{version} address"
        if any(gateway in own.network for each in up for own in each.addresses):
            return ""
        return f"it has no own address in the network of the gateway {gateway}"

    def _else(self, host: IPAddress | None) -> str:
        """No way of the backup's that a file names leads there: what a provider tells may."""
        if (host is None or host.version == 4) and any(port.dhcp for port in self._node.ports.values()):
            return ""
        for entry in self._holding(host, *_AWAY, Role.OWN):
            if entry.role is Role.VIRTUAL:
                return f"it has no own address in {entry.network}, only the virtual one, {entry.ip}"
            if entry.role is Role.OWN:
                return f"port {entry.port} is up on the active node alone"
            return f"tunnel {entry.port} is up on the active node alone"
        dial_ins = [each.name for each in self._cluster.follow.pppoe if each.default_route]
        if not dial_ins or (host is not None and host.version == 6):
            return ""
        return f"the dial-in {dial_ins[0]} is up on the active node alone"

    def _holding(self, host: IPAddress | None, *roles: Role) -> Iterator[Entry]:
        for entry in self._book:
            if (
                host is not None
                and entry.role in roles
                and entry.network is not None
                and host in entry.network
            ):
                yield entry


def backup_notes(node: NodeConfig, cluster: ClusterConfig) -> Iterator[tuple[str, str]]:
    """Key and message of what is told."""
    reach = Reach(node, cluster)
    for key, hosts in _asked(node.system.over(cluster.system)):
        found = [(host, why) for host in hosts if (why := reach.lacking(address_in(host)))]
        if found:
            names = ", ".join(host for host, _ in found)
            yield (
                key,
                f"while node {node.name} is backup, it cannot reach {names}: {found[0][1]}; this works again "
                "once it is active, or name what its own networks lead to",
            )
    for position, group in enumerate(cluster.ping_groups):
        lacks = [reach.lacking(host) for host in group.hosts]
        if group.counts_on is CountsOn.BOTH and all(lacks):
            yield (
                f"ping_groups[{position}].counts_on",
                f"while node {node.name} is backup, it can reach none of them: {lacks[0]}; so the group "
                "counts as failed there, moves nothing, and keeps a master from becoming active again; write "
                'counts_on = "active", so that it counts on the active node alone, or give the port an own '
                "address in that network",
            )


def _asked(system: System) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Whom the node itself turns to: key, and names or addresses."""
    if system.dns is not None:
        yield "dns.servers", tuple(map(str, system.dns.servers))
    if system.ntp is not None:
        yield "ntp.servers", system.ntp.servers
    if system.syslog is not None:
        yield "syslog.servers", tuple(map(str, system.syslog.servers))
    if system.alarms is not None and system.alarms.webhook is not None:
        yield "alarms.webhook.url", (web_host(system.alarms.webhook.url),)
    if system.alarms is not None and system.alarms.mail is not None:
        yield "alarms.mail.relay", (system.alarms.mail.relay,)
