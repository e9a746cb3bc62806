"""VRRP as RFC 9568 has it: codec, timers and the machine of one virtual router. Pure."""

from hadaemon.vrrp.codec import decode, encode
from hadaemon.vrrp.model import (
    IP_PROTOCOL,
    IPV4_GROUP,
    IPV6_GROUP,
    TTL,
    Advertisement,
    Centiseconds,
    Checksum,
    Discard,
    DiscardReason,
    Priority,
    Vrid,
)

__all__ = [
    "IPV4_GROUP",
    "IPV6_GROUP",
    "IP_PROTOCOL",
    "TTL",
    "Advertisement",
    "Centiseconds",
    "Checksum",
    "Discard",
    "DiscardReason",
    "Priority",
    "Vrid",
    "decode",
    "encode",
]
