"""The base network of a node, validated: routes, and the services that the node itself uses or offers."""

from dataclasses import dataclass
from enum import StrEnum

from hadaemon.alarms.model import AlarmSettings
from hadaemon.vrrp.model import IPAddress, IPNetwork


class BondMode(StrEnum):
    """How several network cards are one port."""

    ACTIVE_BACKUP = "active-backup"
    """One carries everything, and another takes its place; any switch will do."""
    LACP = "lacp"
    """All carry (IEEE 802.1AX); the switch must speak it too."""


class RouteKind(StrEnum):
    """What becomes of packets that take a route."""

    UNICAST = "unicast"
    """They go where it leads."""
    BLACKHOLE = "blackhole"
    """They are dropped, and nobody is told."""
    UNREACHABLE = "unreachable"
    """Their sender is told that nobody is there."""
    PROHIBIT = "prohibit"
    """Their sender is told that it is forbidden."""


class While(StrEnum):
    """When a route exists."""

    ACTIVE = "active"
    """While the node is active."""
    BACKUP = "backup"
    """While it takes part, and is not active."""


TABLES = range(100, 251)
"""Routing tables that a configuration may have; those of the kernel and of ours are others."""
LARGEST_MARK = 0x47FF
"""Of packets: those above it are ours."""


@dataclass(frozen=True, slots=True)
class Route:
    """One of [[routes]]."""

    destination: IPNetwork
    gateway: IPAddress | None = None
    """None: the destination is on the port's own network."""
    port: str | None = None
    """None: the port in whose network the gateway is."""
    metric: int | None = None
    kind: RouteKind = RouteKind.UNICAST
    """If it is another one, there is neither a gateway nor a port."""
    table: int | None = None
    """One of TABLES, which [[policy_routes]] ask; None: the main one."""
    exists_while: While | None = None
    """None: always."""

    @property
    def is_kept(self) -> bool:
        """The daemon sees to it; systemd-networkd has the others, from the file of their port."""
        return self.kind is not RouteKind.UNICAST or self.table is not None or self.exists_while is not None


def is_in_place_of(one: Route, other: Route) -> bool:
    """The kernel has room for one of the two."""
    same = (one.destination, one.metric, one.table) == (other.destination, other.metric, other.table)
    whiles = {one.exists_while, other.exists_while}
    return same and (len(whiles) == 1 or None in whiles)


@dataclass(frozen=True, slots=True)
class PolicyRoute:
    """One of [[policy_routes]]: which packets ask a table. What is named must all fit."""

    table: int
    source: tuple[IPNetwork, ...] = ()
    """Networks that they come from; none: any."""
    ports: tuple[str, ...] = ()
    """Those that they come in by; none: any."""
    mark: int | None = None
    """Which a snippet of the firewall has given them; None: any."""


@dataclass(frozen=True, slots=True)
class Dns:
    """[dns]: the servers that this node asks for names."""

    servers: tuple[IPAddress, ...]
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ntp:
    """[ntp]: where this node gets its time from."""

    servers: tuple[str, ...]
    """Names or addresses."""


@dataclass(frozen=True, slots=True)
class Ssh:
    """[ssh]: the administrator's way in, at own addresses."""

    ports: tuple[str, ...]
    tcp_port: int = 22
    password: bool = False
    """The administrator's password is accepted too, not only his keys."""
    sources: tuple[IPNetwork, ...] = ()
    """Who may connect; none: anybody on these ports."""


class Transport(StrEnum):
    """How log messages travel."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Syslog:
    """[syslog]: where the journal is sent too."""

    servers: tuple[IPAddress, ...]
    transport: Transport = Transport.UDP
    port: int = 514


@dataclass(frozen=True, slots=True)
class System:
    """What both files may say. Of a table that is in both, the one of node.toml counts."""

    routes: tuple[Route, ...] = ()
    dns: Dns | None = None
    ntp: Ntp | None = None
    ssh: Ssh | None = None
    syslog: Syslog | None = None
    alarms: AlarmSettings | None = None
    policy_routes: tuple[PolicyRoute, ...] = ()

    def over(self, common: "System") -> "System":
        """This node's settings, and the shared ones where it has none. A route replaces one to the same
        destination. Policies of the node are asked first."""
        shared = (
            route for route in common.routes if not any(is_in_place_of(own, route) for own in self.routes)
        )
        return System(
            (*self.routes, *shared),
            self.dns or common.dns,
            self.ntp or common.ntp,
            self.ssh or common.ssh,
            self.syslog or common.syslog,
            self.alarms or common.alarms,
            (*self.policy_routes, *common.policy_routes),
        )


NOTHING = System()
"""The settings of a file that has none."""


@dataclass(frozen=True, slots=True)
class RouterAdvertisements:
    """What is advertised to the hosts of a network (RFC 4861 §6.2.1, RFC 8106). Times are seconds."""

    prefixes: tuple[IPNetwork, ...]
    """IPv6 networks that hosts may take addresses of."""
    interval: int = 600
    """The longest time from one advertisement to the next."""
    lifetime: int = 1800
    """How long after the last advertisement hosts still use the cluster as their gateway; 0: they never
    do."""
    preferred_lifetime: int = 14400
    valid_lifetime: int = 86400
    """Of addresses that hosts have formed from the prefixes."""
    managed: bool = False
    """Addresses come from a DHCPv6 server."""
    other: bool = False
    """Everything else comes from a DHCPv6 server."""
    mtu: int | None = None
    dns: tuple[IPAddress, ...] = ()
    search: tuple[str, ...] = ()
