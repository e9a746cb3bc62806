"""The validated configuration: values that cannot be wrong on their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Interface, IPv6Interface

from hadaemon.config.check_model import Check, CountsOn
from hadaemon.config.conntrack_model import EVERYTHING, MAX_CONNECTIONS, Conntrack
from hadaemon.config.firewall_model import Firewall, ServiceObject
from hadaemon.config.follow_model import Follow
from hadaemon.config.hook_model import Hook
from hadaemon.config.hotwire_keys import Secret
from hadaemon.config.network_model import NOTHING, BondMode, RouterAdvertisements, System
from hadaemon.config.nodes import NOTHING_SHARED, Shared
from hadaemon.config.objects_model import NetworkObject
from hadaemon.vrrp.authentication import Password, Signatures
from hadaemon.vrrp.model import (
    Centiseconds,
    Checksum,
    IPAddress,
    IPInterface,
    IPNetwork,
    Priority,
    Version,
    Vrid,
)

DEFAULT_INTERVAL = Centiseconds(100)

DEFAULT_HEARTBEAT = 100
"""Milliseconds."""
DEFAULT_MISSED = 3


@dataclass(frozen=True, slots=True)
class Port:
    """A logical port, bound to hardware by its MAC address."""

    name: str
    mac: str
    """Lower case, colons; of a VLAN: its parent's; of a bond: its first member's."""
    addresses: tuple[IPInterface, ...] = ()
    """Own addresses of this node on the port."""
    dhcp: bool = False
    """It asks a DHCP server for an IPv4 address too."""
    parent: str | None = None
    """The port whose network card carries this VLAN; None: this port has its own."""
    vlan: int | None = None
    """The tag of the VLAN (802.1Q), if there is a parent."""
    members: tuple[str, ...] = ()
    """MAC addresses of the network cards that are bonded; none: the port is no bond."""
    bond_mode: BondMode = BondMode.ACTIVE_BACKUP
    bonded: bool = False
    """It is a bond, or a VLAN on one."""

    @property
    def cards(self) -> tuple[str, ...]:
        """The MAC addresses of its network cards."""
        return self.members or (self.mac,)

    @property
    def interface(self) -> str | None:
        """The kernel's name of the interface that is made for the port; None: it is a network card, whose
        name means nothing. Names of network cards have no dot."""
        if self.parent is not None:
            return f"{self.name}.{self.vlan}"
        return f"{self.name}.bond" if self.members else None


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """node.toml: what belongs to this node alone."""

    name: str
    ports: Mapping[str, Port]
    system: System = NOTHING
    language: str = "en"
    """The language of the menu and of `hactl`."""
    time_zone: str = "UTC"
    shared: Shared = field(default=NOTHING_SHARED, compare=False)
    """What of it cluster.toml says."""
    paired_as: str = ""
    """Its name when the nodes were paired, which a file of its own remembers; empty: it is not paired."""

    @property
    def hotwire_name(self) -> str:
        """The name from which its default address on the hotwire follows. A node that gets another name keeps
        the address at which the other node knows it."""
        return self.paired_as or self.name


@dataclass(frozen=True, slots=True)
class VrrpConfig:
    """[vrrp] of cluster.toml."""

    vrid_offset: int = 50
    advertisement_interval: Centiseconds = DEFAULT_INTERVAL
    preempt: bool = True
    checksum: Checksum = Checksum.RFC9568
    preempt_delay: float = 0.0
    """Seconds that the preferred node is backup before it takes over from an equally healthy one."""
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    """The priority of each node by its name, in place of the packed score."""
    version: Version = Version.V3
    accept_mode: bool = True
    """Whether the active node itself may be reached at the virtual addresses (RFC 9568 §6.1)."""
    virtual_mac: bool = False
    """Whether the virtual addresses have the virtual router's MAC address (RFC 9568 §7.3)."""
    authentication: Password | Signatures | None = None


class Protection(StrEnum):
    """What keeps others out of what goes over the hotwire."""

    ESP = "esp"
    """The kernel encrypts and authenticates it (RFC 4303), with keys that follow from the pair's secret."""
    NONE = "none"
    """The cable alone."""


@dataclass(frozen=True, slots=True)
class Hotwire:
    """[hotwire] of cluster.toml: the exclusive cable between the two nodes."""

    port: str
    interval: int = DEFAULT_HEARTBEAT
    """Milliseconds between two heartbeats."""
    missed: int = DEFAULT_MISSED
    """After so many missing heartbeats the peer counts as silent."""
    addresses: Mapping[str, IPv4Interface] = field(default_factory=dict)
    """The addresses of both nodes by name; empty: see `hadaemon.hotwire.addresses`."""
    advertisements: bool = False
    """HA interfaces whose addresses are elsewhere may advertise over it too."""
    protection: Protection = Protection.ESP


class ElectionMode(StrEnum):
    """What a node believes about the other one."""

    WITNESS = "witness"
    """The advertisements and the hotwire; without a hotwire the same as `vrrp`."""
    VRRP = "vrrp"
    """The advertisements alone."""


@dataclass(frozen=True, slots=True)
class ElectionConfig:
    """[election] of cluster.toml; times are seconds."""

    mode: ElectionMode = ElectionMode.WITNESS
    link_debounce: float = 0.0
    """How long a link that was lost must be back before it counts again; a loss counts at once."""
    flap_switches: int = 6
    flap_window: float = 600.0
    """So many switches within this time suspend the node; 0 switches: never."""


@dataclass(frozen=True, slots=True)
class PingGroup:
    """One of [[ping_groups]]: it fails when all of its hosts fail; times are seconds."""

    name: str
    hosts: tuple[IPAddress, ...]
    port: str | None = None
    """The port to ping from; None: as the routing table says."""
    interval: float = 1.0
    timeout: float = 0.5
    failures: int = 3
    """Unanswered pings in a row after which a host has failed."""
    recoveries: int = 3
    """Answered pings in a row after which a failed host is back."""
    counts_on: CountsOn = CountsOn.BOTH


@dataclass(frozen=True, slots=True)
class TrackedRoute:
    """One of [[tracked_routes]]: what the active node must have in its main routing table."""

    destination: IPNetwork
    """Exactly this one; 0.0.0.0/0 is the default route."""
    port: str | None
    """The port that it must lead over; None: any interface."""
    patience: float
    """Seconds for which it may be missing on an active node: a dial-in takes a while."""

    def __str__(self) -> str:
        return f"{self.destination}" if self.port is None else f"{self.destination} over {self.port}"


@dataclass(frozen=True, slots=True)
class HaInterface:
    """One of [[ha_interfaces]]: a port with virtual addresses; VRID = vrid_offset + number."""

    port: str
    number: int
    vrid: Vrid
    virtual_addresses: tuple[IPInterface, ...]
    """Where there are IPv6 ones, the first of them is link-local (RFC 9568 §5.2.9)."""
    addresses_on: str | None = None
    """The port that has the virtual addresses; None: the one that advertises. Several HA interfaces may
    advertise over one port, and each has its addresses on a port of its own, by which it is known."""
    peers: Mapping[str, IPAddress] = field(default_factory=dict)
    """Own addresses of all nodes, by name: advertise to them by unicast. Empty: multicast."""
    dhcp_server: bool = False
    """The active node is the DHCP server of this network."""
    advertises: RouterAdvertisements | None = None
    """What the active node tells the hosts of this network by router advertisements; None: nothing."""
    own_interval: Centiseconds | None = None
    """Its Advertisement_Interval; None: that of [vrrp]."""

    @property
    def address_port(self) -> str:
        """The port that has the virtual addresses."""
        return self.port if self.addresses_on is None else self.addresses_on

    @property
    def families(self) -> tuple[int, ...]:
        """4 and 6, as far as there are such virtual addresses: each is a virtual router of its own."""
        return tuple(sorted({interface.version for interface in self.virtual_addresses}))

    def addresses(self, family: int) -> tuple[IPAddress, ...]:
        """What the virtual router of that family advertises, in order."""
        return tuple(each.ip for each in self.virtual_addresses if each.version == family)


def derived_link_local(vrid: Vrid) -> IPv6Interface:
    """The link-local virtual address of an HA interface that has none configured: the same on both nodes."""
    return IPv6Interface(f"fe80::48:{vrid:x}/64")


class SyncMode(StrEnum):
    """When a change of the configuration goes to the other node."""

    MANUAL = "manual"
    """When the administrator says so: `hactl config sync`."""
    ON_APPLY = "on-apply"
    """With `hactl config apply` and `rollback`, on both nodes or on none."""


@dataclass(frozen=True, slots=True)
class ClusterConfig:
    """cluster.toml: what both nodes share."""

    name: str
    master: str
    """Name of the node that is preferred; the other is the spare."""
    ha_interfaces: tuple[HaInterface, ...]
    enabled: bool = True
    vrrp: VrrpConfig = VrrpConfig()
    hotwire: Hotwire | None = None
    election: ElectionConfig = ElectionConfig()
    ping_groups: tuple[PingGroup, ...] = ()
    tracked_routes: tuple[TrackedRoute, ...] = ()
    checks: tuple[Check, ...] = ()
    hooks: tuple[Hook, ...] = ()
    firewall: Firewall = field(default_factory=Firewall)
    sync: SyncMode = SyncMode.MANUAL
    conntrack: Conntrack = EVERYTHING
    system: System = NOTHING
    """If node.toml has the same setting, that one counts."""
    follow: Follow = field(default_factory=Follow)
    networks: Mapping[str, NetworkObject] = field(default_factory=dict)
    """[networks]: those that rules and tunnels name, and others."""
    services: Mapping[str, ServiceObject] = field(default_factory=dict)
    """[services], likewise."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of this node, by name: for the files of cluster.d. Empty: there is no `[nodes]`."""
    nodes: tuple[str, ...] = ()
    """The names in `[nodes]`."""
    kernel: Mapping[str, str] = field(default_factory=dict)
    """[kernel]: values as the kernel takes them, by the setting's name, e.g. `net.ipv4.tcp_sack`."""

    @property
    def kernel_settings(self) -> Mapping[str, str]:
        """Names and values that the kernel is to have in place of the image's own."""
        most, buckets = self.conntrack.max_connections, self.conntrack.buckets
        table = {
            "net.netfilter.nf_conntrack_max": str(most),
            "net.netfilter.nf_conntrack_buckets": str(buckets),
        }
        return {**({} if most == MAX_CONNECTIONS else table), **self.kernel}

    @property
    def virtual_routers(self) -> int:
        """How many there are: the active node advertises each of them once an interval."""
        return sum(len(interface.families) for interface in self.ha_interfaces)

    def interval_of(self, interface: HaInterface) -> Centiseconds:
        """Its Advertisement_Interval (RFC 9568 §6.1)."""
        own = interface.own_interval
        return self.vrrp.advertisement_interval if own is None else own

    @property
    def intervals(self) -> tuple[Centiseconds, ...]:
        """Of the HA interfaces, the shortest first."""
        return tuple(sorted(map(self.interval_of, self.ha_interfaces)))


@dataclass(frozen=True, slots=True)
class Admin:
    """admin.toml and [admin] of a preseed: at least one of the two."""

    password_hash: str | None = None
    """crypt(5)."""
    ssh_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preseed:
    """preseed.toml: a node's whole first configuration."""

    admin: Admin
    node: NodeConfig
    cluster: ClusterConfig | None = None
    """None: a stand-alone node."""
    hotwire_secret: Secret | None = None
    """What two nodes that are set up unattended share; None: they are paired later."""
    tables: tuple[Mapping[str, object], Mapping[str, object]] | None = None
    """[node] and [cluster] as they stand, and are kept, where [cluster] says what differs from node to node.
    None: it does not."""
