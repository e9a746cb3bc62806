"""[follow] of cluster.toml, validated: what is down while the node is backup. Times are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from hadaemon.config.objects_model import Item, networks_of
from hadaemon.vrrp.model import IPAddress, IPInterface

DEFAULT_STOP = 10.0
MAX_STOP = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """One of [[follow.services]]: any unit of systemd's."""

    unit: str
    stop_timeout: float = DEFAULT_STOP
    """How long it may take to stop; then it is killed."""
    source: IPAddress | None = None
    """The virtual address that its connections come from; None: as the routing table says."""
    counts: bool = False
    """While it has failed on the active node, that is a fault of the node, as a failed check is."""


@dataclass(frozen=True, slots=True)
class TunnelPeer:
    """One of [[follow.wireguard.peers]]."""

    public_key: str
    allowed: tuple[Item, ...]
    endpoint: str | None = None
    """Host and port; None: the peer connects to us."""
    preshared_key: str | None = None
    """Secret."""
    keepalive: int = 0


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One of [[follow.wireguard]]. Both nodes are the same end of it, and never at once."""

    name: str
    """Also the name of its interface."""
    private_key: str
    """Secret."""
    addresses: tuple[IPInterface, ...]
    peers: tuple[TunnelPeer, ...]
    listen_port: int | None = None
    mtu: int = 1420
    source: IPAddress | None = None
    """The virtual address that its packets come from; needs `listen_port`."""


@dataclass(frozen=True, slots=True)
class DialIn:
    """One of [[follow.pppoe]]."""

    name: str
    """Also the name of its interface."""
    port: str
    user: str
    password: str
    """Secret."""
    default_route: bool = True
    mtu: int = 1492
    vlan: int | None = None
    """802.1Q tag of the provider's frames; None: they have none."""

    @property
    def vlan_interface(self) -> str:
        """Name of the interface with the tag, between the port and the dial-in."""
        return f"v-{self.name}"


@dataclass(frozen=True, slots=True)
class DhcpNetwork:
    """One of [[follow.dhcp]]: the DHCP server of an HA interface's network."""

    port: str
    first: IPv4Address
    last: IPv4Address
    lease: int = 12 * 3600
    gateway: IPv4Address | None = None
    """None: the virtual address."""
    dns: tuple[IPv4Address, ...] = ()
    """Empty: clients get none."""
    domain: str | None = None
    hosts: Mapping[str, IPv4Address] = field(default_factory=dict)
    """Fixed addresses by MAC address."""


@dataclass(frozen=True, slots=True)
class Haproxy:
    """[follow.haproxy]."""

    transparent: bool = False
    """Packets that come back to a client's address go to HAProxy (`usesrc clientip`)."""
    on_backup: bool = True
    """It runs on the backup too, so that the stick tables are there before it is needed."""


@dataclass(frozen=True, slots=True)
class Follow:
    """[follow] of cluster.toml. Without anything in it nothing follows."""

    ports: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    wireguard: tuple[Tunnel, ...] = ()
    pppoe: tuple[DialIn, ...] = ()
    dhcp: tuple[DhcpNetwork, ...] = ()
    haproxy: Haproxy | None = None

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The interfaces that come and go with the active node: the firewall treats them as ports."""
        return (*(each.name for each in self.pppoe), *(each.name for each in self.wireguard))

    @property
    def whole(self) -> frozenset[int]:
        """The versions of IP of which a tunnel takes everything."""
        networks = (
            network
            for tunnel in self.wireguard
            for peer in tunnel.peers
            for network in networks_of(peer.allowed)
        )
        return frozenset(network.version for network in networks if not network.prefixlen)
