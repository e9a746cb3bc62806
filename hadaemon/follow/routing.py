"""Routes and rules of routing that the daemon keeps, as the kernel is to have them. Pure.

Routes that lead somewhere, always and in the main table, are systemd-networkd's. These are not: those in
tables of their own, those that drop, and those that exist only while the node is active or only while it is
not. The kernel marks what the daemon has put there, so that an end of the daemon, however it comes, leaves
nothing unknown.

Who asks a table asks it for its narrower routes first; then the main table counts, but for its default route,
so that the node's own networks stay within reach; then the default route of the table counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hadaemon.config import NodeConfig, System
from hadaemon.config.network_model import PolicyRoute, Route, RouteKind, While
from hadaemon.config.system_pair import own_address, port_of
from hadaemon.status.states import NodeState
from hadaemon.vrrp.model import IPAddress, IPNetwork

MAIN = 254
_MOST = 64
"""Policies of both files."""
_NARROW = 80
"""The first priority of the rules; behind that of HAProxy (72)."""
_NEAR = _NARROW + _MOST
_DEFAULTS = _NEAR + 1
LAST_PRIORITY = _DEFAULTS + _MOST - 1
"""Before the rules of tunnels that take everything: packets that a policy names go first."""
_DEFAULT_METRIC = {4: 0, 6: 1024}
"""Of a route that names none, as the kernel has it."""
_AWAY = (NodeState.BACKUP, NodeState.FAULT, NodeState.MAINTENANCE)


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """One route."""

    destination: IPNetwork
    kind: RouteKind = RouteKind.UNICAST
    table: int = MAIN
    metric: int = 0
    interface: int = 0
    """Its index; 0: none, it leads nowhere."""
    gateway: IPAddress | None = None
    source: IPAddress | None = None
    """What the node itself sends comes from there; None: the kernel chooses."""
    on_link: bool = False
    """The gateway is there, whatever the addresses say."""

    def __str__(self) -> str:
        via = "" if self.gateway is None else f" via {self.gateway}"
        table = "" if self.table == MAIN else f" in table {self.table}"
        kind = "" if self.kind is RouteKind.UNICAST else f"{self.kind} "
        return f"{kind}{self.destination}{via}{table}"


@dataclass(frozen=True, slots=True)
class KernelRule:
    """One rule: which packets ask a table."""

    version: int
    priority: int
    table: int
    source: IPNetwork | None = None
    interface: str | None = None
    """By which they come in."""
    mark: int | None = None
    narrow: bool = False
    """The table's default route does not count."""

    def __str__(self) -> str:
        return f"rule {self.priority} of IPv{self.version} for table {self.table}"


def phase_of(state: NodeState, holds_addresses: bool) -> While | None:
    """Which routes exist. A node that hands over forwards until its virtual addresses are gone. None: it
    takes no part."""
    if state is NodeState.ACTIVE or (state in _AWAY and holds_addresses):
        return While.ACTIVE
    return While.BACKUP if state in _AWAY else None


def kernel_routes(
    node: NodeConfig, system: System, phase: While | None, interfaces: Mapping[str, int]
) -> frozenset[KernelRoute]:
    """`interfaces`: the index of each port's interface that is there and up. What leads to another one is not
    there, as with every route of the kernel's."""
    return frozenset(
        found
        for route in system.routes
        if route.is_kept and route.exists_while in (None, phase)
        for found in _kernel_route(node, route, interfaces)
    )


def _kernel_route(node: NodeConfig, route: Route, interfaces: Mapping[str, int]) -> Iterator[KernelRoute]:
    table = MAIN if route.table is None else route.table
    metric = route.metric or _DEFAULT_METRIC[route.destination.version]
    if route.kind is not RouteKind.UNICAST:
        yield KernelRoute(route.destination, route.kind, table, metric)
        return
    port = port_of(node, route)
    if port is None or port.name not in interfaces:
        return
    own = None if route.gateway is None else own_address(port, route.gateway)
    far = route.gateway is not None and own is None and not route.gateway.is_link_local
    # As networkd does it: what the node itself sends never comes from a virtual address.
    source = own.ip if own is not None and own.version == 4 else None
    yield KernelRoute(
        route.destination,
        RouteKind.UNICAST,
        table,
        metric,
        interfaces[port.name],
        route.gateway,
        source,
        on_link=far,
    )


def kernel_rules(system: System, names: Mapping[str, Sequence[str]]) -> frozenset[KernelRule]:
    """`names`: those of each port's interfaces."""
    rules = []
    for position, policy in enumerate(system.policy_routes):
        for version in _versions(system, policy):
            for source in _sources(policy, version):
                for interface in _interfaces(policy, names):
                    asks = (source, interface, policy.mark)
                    rules += [
                        KernelRule(version, _NARROW + position, policy.table, *asks, narrow=True),
                        KernelRule(version, _NEAR, MAIN, narrow=True),
                        KernelRule(version, _DEFAULTS + position, policy.table, *asks),
                    ]
    return frozenset(rules)


def _versions(system: System, policy: PolicyRoute) -> Iterator[int]:
    """Those that the table has routes of, and the policy networks, if it names any."""
    for version in (4, 6):
        routed = any(
            route.table == policy.table and route.destination.version == version for route in system.routes
        )
        if routed and (not policy.source or any(each.version == version for each in policy.source)):
            yield version


def _sources(policy: PolicyRoute, version: int) -> Sequence[IPNetwork | None]:
    return [each for each in policy.source if each.version == version] if policy.source else [None]


def _interfaces(policy: PolicyRoute, names: Mapping[str, Sequence[str]]) -> Sequence[str | None]:
    return [name for port in policy.ports for name in names.get(port, ())] if policy.ports else [None]
