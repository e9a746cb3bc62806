"""[conntrack] of cluster.toml: how many connections there may be, who has a helper, and what is told to the
other node."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hadaemon.vrrp.model import IPNetwork

PROTOCOLS = ("tcp", "udp", "icmp", "sctp")
"""All that can be told; as in rules of the firewall, `icmp` means both families."""

MAX_CONNECTIONS = 1 << 18
"""As the image has it."""
LEAST_CONNECTIONS, MOST_CONNECTIONS = 1 << 14, 1 << 20
"""Of the most, the refreshes of an active node take a quarter of a processor (docs/conntrack.md)."""
BYTES_PER_CONNECTION = 320
"""In the kernel's memory, while it lasts."""
_PER_BUCKET = 4
_BUCKETS = 512
"""The kernel has a multiple of so many lists."""


@dataclass(frozen=True, slots=True)
class HelperKind:
    """What the kernel has for one protocol."""

    listens: Mapping[str, tuple[str, int]]
    """By transport protocol: the kernel's own name of the helper, and the standard port."""
    modules: tuple[str, ...]
    """Those that read it, and that translate what it names."""


HELPERS: Mapping[str, HelperKind] = {
    "amanda": HelperKind({"udp": ("amanda", 10080)}, ("nf_conntrack_amanda", "nf_nat_amanda")),
    "ftp": HelperKind({"tcp": ("ftp", 21)}, ("nf_conntrack_ftp", "nf_nat_ftp")),
    "h323": HelperKind({"tcp": ("Q.931", 1720), "udp": ("RAS", 1719)}, ("nf_conntrack_h323", "nf_nat_h323")),
    "irc": HelperKind({"tcp": ("irc", 6667)}, ("nf_conntrack_irc", "nf_nat_irc")),
    "pptp": HelperKind({"tcp": ("pptp", 1723)}, ("nf_conntrack_pptp", "nf_nat_pptp")),
    "sane": HelperKind({"tcp": ("sane", 6566)}, ("nf_conntrack_sane",)),
    "sip": HelperKind({"tcp": ("sip", 5060), "udp": ("sip", 5060)}, ("nf_conntrack_sip", "nf_nat_sip")),
    "tftp": HelperKind({"udp": ("tftp", 69)}, ("nf_conntrack_tftp", "nf_nat_tftp")),
}
"""Those that read what is forwarded. The kernel's two for broadcasts, of NetBIOS and SNMP, only read what the
node itself sends, and a node's own connections end with it."""


@dataclass(frozen=True, slots=True)
class Helper:
    """Who reads a protocol that names the port of a second connection."""

    name: str
    """One of HELPERS."""
    port: int | None = None
    """None: the standard port, or ports."""

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}/{self.port}"

    @property
    def ports(self) -> Iterator[tuple[str, int]]:
        """Each transport protocol with the port."""
        for protocol, (_, standard) in HELPERS[self.name].listens.items():
            yield protocol, standard if self.port is None else self.port


@dataclass(frozen=True, slots=True)
class Conntrack:
    """The whole table. Connections of a node itself and those on the hotwire are never told."""

    enabled: bool = True
    """Connections are told, if there is a hotwire."""
    protocols: tuple[str, ...] = PROTOCOLS
    """Those that are told, in the order of `PROTOCOLS`."""
    ignore: tuple[IPNetwork, ...] = ()
    """What begins or ends there is not told."""
    helpers: tuple[Helper, ...] = ()
    """Assigned to new connections that are forwarded; what they expect is told too."""
    max_connections: int = MAX_CONNECTIONS
    """Entries that the kernel's table may have, on either node."""

    @property
    def buckets(self) -> int:
        """Lists of the kernel's table: each has four entries on average when the table is full."""
        return -(-self.max_connections // _PER_BUCKET // _BUCKETS) * _BUCKETS

    @property
    def modules(self) -> tuple[str, ...]:
        """Kernel modules of the helpers."""
        return tuple(dict.fromkeys(module for each in self.helpers for module in HELPERS[each.name].modules))

    @property
    def is_whole(self) -> bool:
        """All that can be told is told, so that both kernels have about the same number of connections."""
        return self.protocols == PROTOCOLS and not self.ignore


EVERYTHING = Conntrack()
