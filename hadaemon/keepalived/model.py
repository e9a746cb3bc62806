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
    weight: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A vrrp_track_process; times are seconds."""

    name: str
    command: tuple[str, ...]
    """The process, and the parameters that it must have."""
    place: Place
    counted: str = ""
    """What it wants beside one process of that name, as it is written; empty: nothing."""
    up_delay: float = 0.0
    down_delay: float = 0.0
    weight: int = 0
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A track_file: what counts is the number in it."""

    name: str
    path: str
    place: Place
    weight: int = 1
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Tracked:
    """One line of track_script, track_process or track_file."""

    name: str
    place: Place
    weight: int | None = None
    """None: as what is tracked says."""
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Notify:
    """A program that is told of a change of state."""

    keyword: str
    command: str
    place: Place


@dataclass(frozen=True, slots=True)
class Tracking:
    """What an instance or a group is tracked by beside links, and whom it tells."""

    scripts: tuple[Tracked, ...] = ()
    processes: tuple[Tracked, ...] = ()
    files: tuple[Tracked, ...] = ()
    notify: tuple[Notify, ...] = ()


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
    tracking: Tracking = field(default_factory=Tracking)
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
    tracking: Tracking = field(default_factory=Tracking)
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
    interface: str = "eth0"
    """default_interface: of static addresses that name none."""


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
    processes: tuple[Process, ...] = ()
    files: tuple[File, ...] = ()
    own: tuple[Address, ...] = ()
    """static_ipaddress."""
    routes: tuple[StaticRoute, ...] = ()
    """static_routes."""
