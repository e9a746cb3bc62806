"""What keepalived understands by a configuration, as far as it has a meaning for a pair of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hadaemon.config.network_model import RouteKind
from hadaemon.keepalived.source import Place
from hadaemon.vrrp.model import IPAddress, IPInterface, IPNetwork

DEFAULT_PRIORITY = 100
DEFAULT_INTERVAL = 100
"""Centiseconds."""


@dataclass(frozen=True, slots=True)
class Address:
    """A virtual address, or an own one."""

    value: IPInterface
    device: str
    """The interface that has it; empty: that of its instance."""
    place: Place


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """One of virtual_routes or static_routes that is nothing but a destination and a way."""

    destination: IPNetwork
    gateway: IPAddress | None
    device: str
    metric: int | None
    place: Place
    kind: RouteKind = RouteKind.UNICAST


@dataclass(frozen=True, slots=True)
class Hmac:
    """auth_hmac: the keys by id, as they are written."""

    keys: Mapping[int, str] = field(repr=False)
    active: int
    mode: str
    place: Place


@dataclass(frozen=True, slots=True)
class Script:
    """A vrrp_script; times are seconds."""

    name: str
    command: str
    interval: float
    timeout: float
    rise: int
    fall: int
    place: Place


@dataclass(frozen=True, slots=True)
class Instance:
    """A vrrp_instance."""

    name: str
    place: Place
    interface: str
    vrid: int
    priority: int = DEFAULT_PRIORITY
    begins_as_master: bool = False
    version: int = 0
    """0: as the global one says."""
    interval: int = DEFAULT_INTERVAL
    """Centiseconds."""
    preempt: bool = True
    preempt_delay: float = 0.0
    """Seconds."""
    accept: bool | None = None
    """None: as strict mode says."""
    strict: bool | None = None
    """None: as the global one says."""
    plain_checksum: bool | None = None
    """v3_checksum_as_v2; None: as the global one says."""
    virtual_mac: bool = False
    password: str = field(default="", repr=False)
    hmac: Hmac | None = None
    source: IPAddress | None = None
    """mcast_src_ip or unicast_src_ip."""
    peers: tuple[IPAddress, ...] = ()
    """unicast_peer; none: multicast."""
    addresses: tuple[Address, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    tracked: tuple[str, ...] = ()
    """Interfaces of track_interface."""
    scripts: tuple[str, ...] = ()
    smtp_alert: bool = False
    given: Mapping[str, Place] = field(default_factory=dict)
    """Where its keywords stand."""

    def at(self, keyword: str) -> Place:
        """Where a keyword of it stands, else where it begins."""
        return self.given.get(keyword, self.place)


@dataclass(frozen=True, slots=True)
class Group:
    """A vrrp_sync_group."""

    name: str
    place: Place
    members: tuple[str, ...]
    tracked: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    smtp_alert: bool = False


@dataclass(frozen=True, slots=True)
class MailRelay:
    """How keepalived sends mail."""

    server: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Globals:
    """global_defs."""

    router_id: str = ""
    version: int = 2
    strict: bool = False
    plain_checksum: bool = False
    smtp_alert: bool = False
    mail: MailRelay | None = None


@dataclass(frozen=True, slots=True)
class Keepalived:
    """One node's configuration."""

    file: str
    config_id: str
    """The id that it was read with; empty: none."""
    globals: Globals
    instances: tuple[Instance, ...]
    groups: tuple[Group, ...] = ()
    scripts: tuple[Script, ...] = ()
    own: tuple[Address, ...] = ()
    """static_ipaddress."""
    routes: tuple[StaticRoute, ...] = ()
    """static_routes."""
