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


@dataclass(frozen=True, slots=True)
class Route:
    """One of [[routes]]."""

    destination: IPNetwork
    gateway: IPAddress | None = None
    """None: the destination is on the port's own network."""
    port: str | None = None
    """None: the port in whose network the gateway is."""
    metric: int | None = None


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

    def over(self, common: "System") -> "System":
        """This node's settings, and the shared ones where it has none. A route replaces one to the same
        destination."""
        own = {(route.destination, route.metric) for route in self.routes}
        shared = (route for route in common.routes if (route.destination, route.metric) not in own)
        return System(
            (*self.routes, *shared),
            self.dns or common.dns,
            self.ntp or common.ntp,
            self.ssh or common.ssh,
            self.syslog or common.syslog,
            self.alarms or common.alarms,
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
