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
from hadaemon.vrrp.router import Listen, Received, RouterState, Shutdown, Standing, TimerFired, VirtualRouter

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
    "Listen",
    "Priority",
    "Received",
    "RouterState",
    "Shutdown",
    "Standing",
    "TimerFired",
    "VirtualRouter",
    "Vrid",
    "decode",
    "encode",
]
