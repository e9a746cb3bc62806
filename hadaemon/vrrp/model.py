"""Words of RFC 9568 as types: families, checksums, reasons to discard, the advertisement itself."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import NewType, TypeAlias

from hadaemon.errors import HadaemonError

Vrid = NewType("Vrid", int)
"""Virtual router identifier, 1-255 (RFC 9568 §5.2.3)."""

Priority = NewType("Priority", int)
"""0-255 (§5.2.4): 0 releases the virtual router, 255 is the address owner's alone."""

Centiseconds = NewType("Centiseconds", int)
"""Hundredths of a second, the unit of every interval on the wire (§5.2.7)."""

IPAddress: TypeAlias = IPv4Address | IPv6Address

RELEASE = Priority(0)
"""The priority of an Active Router that lets go (§5.2.4)."""

IP_PROTOCOL = 112
"""The protocol number of VRRP (§5.1.1.4)."""

TTL = 255
"""The only time to live or hop limit that is accepted (§5.1.1.3, §5.1.2.3)."""

IPV4_GROUP = IPv4Address("224.0.0.18")
IPV6_GROUP = IPv6Address("ff02::12")
"""Where advertisements are sent (§5.1.1.2, §5.1.2.2)."""

VERSION = 3
ADVERTISEMENT_TYPE = 1
"""The only packet type there is (§5.2.2)."""

MAX_INTERVAL = Centiseconds(0xFFF)
"""Twelve bits hold Max Advertise Interval: 40.95 s (§5.2.7)."""


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
    INTERVAL = "interval"
    """A Max Advertise Interval of zero, by which nothing could be timed (erratum 8301)."""
    VRID = "vrid"
    FAMILY = "family"
    OWN_SOURCE = "own-source"
    """It claims to come from this very port: a loop in the network, or our address is used twice."""


class Discard(HadaemonError):
    """A received packet is not an acceptable advertisement."""

    def __init__(self, reason: DiscardReason) -> None:
        super().__init__(f"discarded: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Advertisement:
    """The content of one VRRP version 3 advertisement (RFC 9568 §5.2)."""

    vrid: Vrid
    priority: Priority
    interval: Centiseconds
    """Max Advertise Interval: the sender's Advertisement_Interval."""
    addresses: tuple[IPAddress, ...]
    """The virtual addresses, all of one family; at least one (erratum 8299), at most 255."""

    def __post_init__(self) -> None:
        """Refuses what could not be put on the wire; raises ValueError."""
        if not 1 <= self.vrid <= 255:
            raise ValueError(f"VRID {self.vrid} is not in 1-255")
        if not 0 <= self.priority <= 255:
            raise ValueError(f"priority {self.priority} is not in 0-255")
        if not 1 <= self.interval <= MAX_INTERVAL:
            raise ValueError(f"interval {self.interval} is not in 1-{MAX_INTERVAL} centiseconds")
        if not 1 <= len(self.addresses) <= 255:
            raise ValueError(f"{len(self.addresses)} addresses, not 1-255")
