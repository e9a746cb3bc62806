"""Terms of RFC 9568 (version 3) and RFC 3768 (version 2) as types: what is on the wire, why it is dropped."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import NewType, TypeAlias

from hadaemon.errors import HadaemonError

Vrid = NewType("Vrid", int)
"""Virtual router identifier, 1-255 (RFC 9568 §5.2.3)."""

Priority = NewType("Priority", int)
"""0-255 (§5.2.4): 0 releases the virtual router, 255 is the address owner's alone."""

Centiseconds = NewType("Centiseconds", int)
"""Hundredths of a second, the unit of every interval on the wire (§5.2.7)."""

IPAddress: TypeAlias = IPv4Address | IPv6Address

IPInterface: TypeAlias = IPv4Interface | IPv6Interface
IPNetwork: TypeAlias = IPv4Network | IPv6Network
"""An address with the prefix length of its network."""

RELEASE = Priority(0)
"""The priority of an Active Router that lets go (§5.2.4)."""

OWNER = Priority(255)
"""The priority of the router whose own addresses the virtual ones are (§5.2.4). Nothing lowers it."""

IP_PROTOCOL = 112
"""The protocol number of VRRP (§5.1.1.4)."""

TTL = 255
"""The only time to live or hop limit that is accepted (§5.1.1.3, §5.1.2.3)."""

IPV4_GROUP = IPv4Address("224.0.0.18")
IPV6_GROUP = IPv6Address("ff02::12")
"""Where advertisements are sent (§5.1.1.2, §5.1.2.2)."""

ADVERTISEMENT_TYPE = 1
"""The only packet type there is (§5.2.2)."""

SECOND = Centiseconds(100)


class Version(IntEnum):
    """Of the protocol. Version 2 is for older peers: IPv4 only, whole seconds, a password in the clear."""

    V2 = 2
    """RFC 3768."""
    V3 = 3
    """RFC 9568."""

    @property
    def max_interval(self) -> Centiseconds:
        """What the field holds: 8 bits of seconds (RFC 3768 §5.3.7), 12 of centiseconds (RFC 9568 §5.2.7)."""
        return Centiseconds(0xFF * SECOND if self is Version.V2 else 0xFFF)

    @property
    def interval_unit(self) -> Centiseconds:
        return SECOND if self is Version.V2 else Centiseconds(1)


MAX_INTERVAL = Version.V3.max_interval
"""40.95 s."""


class Checksum(StrEnum):
    """Which checksum of version 3 over IPv4 we send. On receive either is accepted."""

    RFC9568 = "rfc9568"
    """Over the VRRP message alone (RFC 9568 §5.2.8)."""
    RFC5798 = "rfc5798"
    """Over a pseudo-header too (RFC 5798 §5.2.8), which older peers still send."""


class DiscardReason(StrEnum):
    """Why a packet was dropped, in the order of the checks (RFC 9568 §7.1)."""

    TTL = "ttl"
    VERSION = "version"
    TYPE = "type"
    LENGTH = "length"
    COUNT = "count"
    CHECKSUM = "checksum"
    AUTH_TYPE = "auth-type"
    """Version 2: not the authentication type that is configured here (RFC 3768 §7.1)."""
    AUTH_MISSING = "auth-missing"
    """Not signed, and signatures are required."""
    AUTH_KEY = "auth-key"
    """Signed with a key that is not configured here, or in an unknown manner."""
    AUTH_FAILED = "auth-failed"
    """A wrong password or signature."""
    REPLAY = "replay"
    """Rightly signed, but no newer than what the same sender sent before."""
    AUTH_SOURCES = "auth-sources"
    """Rightly signed, but of a virtual router that has as many signed sources as are remembered."""
    INTERVAL = "interval"
    """Zero, by which nothing could be timed (erratum 8301), or in version 2 not ours (RFC 3768 §7.1)."""
    VRID = "vrid"
    FAMILY = "family"
    ADDRESSES = "addresses"
    """Of another group that uses our VRID: none of its virtual addresses is one of ours (§7.1)."""
    UNKNOWN_PEER = "unknown-peer"
    """Unicast: not from one of the configured peers."""
    OWN_SOURCE = "own-source"
    """It claims to come from this very port: a loop in the network, or our address is used twice."""


class Discard(HadaemonError):
    """A received packet is not an acceptable advertisement."""

    def __init__(self, reason: DiscardReason) -> None:
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Advertisement:
    """The content of one VRRP advertisement (RFC 9568 §5.2, RFC 3768 §5.3)."""

    vrid: Vrid
    priority: Priority
    interval: Centiseconds
    """The sender's Advertisement_Interval; version 2 has whole seconds only."""
    addresses: tuple[IPAddress, ...]
    """The virtual addresses, all of one family; at least one (erratum 8299), at most 255."""
    version: Version = Version.V3

    def __post_init__(self) -> None:
        """Refuses what could not be put on the wire; raises ValueError."""
        longest, unit = self.version.max_interval, self.version.interval_unit
        if not 1 <= self.vrid <= 255:
            raise ValueError(f"VRID {self.vrid} is not in 1-255")
        if not 0 <= self.priority <= 255:
            raise ValueError(f"priority {self.priority} is not in 0-255")
        if not unit <= self.interval <= longest or self.interval % unit:
            raise ValueError(f"interval {self.interval} is not in {unit}-{longest} centiseconds by {unit}")
        if not 1 <= len(self.addresses) <= 255:
            raise ValueError(f"{len(self.addresses)} addresses, not 1-255")
        if len({address.version for address in self.addresses}) > 1:
            raise ValueError("IPv4 and IPv6 addresses in one advertisement")
        if self.version is Version.V2 and self.family == 6:
            raise ValueError("version 2 has no IPv6")

    @property
    def family(self) -> int:
        """4 or 6: that of its addresses. A virtual router is a VRID and a family."""
        return self.addresses[0].version
