"""Every kind of problem that there is: how bad, for how long before its alarm is raised, and for how long
gone before that is cleared. A kind is for ever: who receives alarms has rules for its word."""

from dataclasses import dataclass
from enum import IntEnum

from hadaemon.problems.severity import Severity

_CLEAR = 30.0
_SLOW = 60.0


class Loss(IntEnum):
    """What a problem takes from the pair: would a takeover work now?"""

    NOTHING = 0
    PART = 1
    """It would, and would cost something, or something of it is not as it should be."""
    ALL = 2
    """It would not."""
    SPLIT = 3
    """Both nodes are active."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. Times are seconds."""

    word: str
    severity: Severity
    meaning: str
    raise_after: float = 0.0
    """Shorter than that, and it was nothing."""
    clear_after: float = _CLEAR
    """Back within that, and it was never gone: what flaps is one alarm."""
    pair: bool = False
    """Both nodes see the same: the active one tells."""
    loss: Loss = Loss.NOTHING


_C, _M, _N, _W = Severity
_PART, _ALL = Loss.PART, Loss.ALL

NODE_FAULT = Kind("node-fault", _C, "the node can take no part: see its text", 1.0, loss=_ALL)
CONFIGURATION = Kind(
    "configuration-refused", _C, "the node's files are wrong, or its rules do not load", loss=_ALL
)
DAEMON = Kind("daemon-silent", _C, "hadaemon has not answered its own node for half a minute")
SPLIT = Kind("split", _C, "both nodes are active", 2.0, loss=Loss.SPLIT)
NO_ACTIVE = Kind("no-active", _C, "neither node is active", 10.0, loss=_ALL)
NO_REDUNDANCY = Kind(
    "no-redundancy", _M, "the other node could not take over, for whatever reason", 10.0, pair=True
)
PEER_DEAD = Kind("peer-dead", _M, "the other node is gone without a word", 2.0, pair=True, loss=_ALL)
PEER_AWAY = Kind(
    "peer-away", _N, "the other node said goodbye, or has not come yet", _SLOW, pair=True, loss=_ALL
)
PEER_UNREADY = Kind(
    "peer-unready", _M, "the other node is there and could not take over", _SLOW, pair=True, loss=_ALL
)
PEER_DEGRADED = Kind(
    "peer-degraded",
    _N,
    "the other node could take over, and not as well as it should",
    5.0,
    pair=True,
    loss=_PART,
)
HOTWIRE_DOWN = Kind(
    "hotwire-down", _M, "the hotwire has no carrier or no network card", 3.0, pair=True, loss=_PART
)
HOTWIRE_SILENT = Kind(
    "hotwire-silent", _M, "a carrier, and the other node is not heard over it", 3.0, pair=True, loss=_PART
)
HOTWIRE_ONE_WAY = Kind(
    "hotwire-one-way", _M, "the other node is heard over the hotwire and does not hear", 3.0, loss=_PART
)
HOTWIRE_FOREIGN = Kind("hotwire-foreign", _M, "somebody else is on the hotwire", 0.0, 300.0)
HOTWIRE_OPEN = Kind(
    "hotwire-open", _M, "what goes over the hotwire is not encrypted, and stays away", _SLOW, loss=_PART
)
NOT_PAIRED = Kind(
    "not-paired", _W, "the two nodes do not hold each other's keys", _SLOW, pair=True, loss=_PART
)
LINK_DOWN = Kind(
    "link-down", _M, "an HA interface has no carrier, no network card or no own address", 1.0, loss=_PART
)
PING_FAILED = Kind("ping-failed", _N, "no host of a ping group answers", loss=_PART)
ROUTE_MISSING = Kind("route-missing", _N, "the active node had no tracked route for too long", loss=_PART)
CHECK_FAILED = Kind("check-failed", _N, "one of the administrator's own checks fails", loss=_PART)
HOOK_FAILED = Kind("hook-failed", _N, "a hook did not end well after the last change that it was to hear of")
SUSPENDED = Kind("suspended", _M, "the node has switched too often: preference moves it no more", loss=_PART)
MAINTENANCE = Kind(
    "maintenance", _W, "an administrator keeps the node out of the cluster", 0.0, 5.0, loss=_ALL
)
DUPLICATE = Kind(
    "address-conflict", _M, "somebody else has a virtual address, or an own one", 0.0, _SLOW, loss=_PART
)
CONNECTIONS = Kind(
    "connections", _N, "connections are not told to the other node, or not all", _CLEAR, loss=_PART
)
SERVICE = Kind("service-failed", _M, "what follows the active node is not as it should be", _CLEAR)
SYNC_ERROR = Kind("sync-error", _M, "the configurations cannot be compared", _SLOW, pair=True, loss=_PART)
SYNC_PENDING = Kind(
    "sync-pending", _N, "the configurations have differed for ten minutes", 600.0, pair=True, loss=_PART
)
FIRMWARE_DIFFERS = Kind(
    "firmware-differs", _W, "the nodes have run different firmware for an hour", 3600.0, pair=True, loss=_PART
)
FIRMWARE_FAILED = Kind("firmware-failed", _M, "a firmware on trial did not prove itself")
SLOT_BAD = Kind("slot-bad", _N, "the other slot cannot be started: there is no way back", _SLOW, loss=_PART)
DISK_FULL = Kind("disk-full", _N, "the data partition is nearly full: major from 95 %", 0.0, _SLOW)
CERTIFICATE = Kind("certificate", _W, "a certificate ends within 30 days: major from 7", 0.0, _SLOW)
DELIVERY = Kind("delivery", _N, "alarms cannot be sent", 120.0)
OTHER = Kind("problem", _W, "any other line below `problems` of hactl status", 10.0, _SLOW)

BECAME_ACTIVE = Kind("became-active", _W, "the node has taken over; event", pair=True)
TEST = Kind("test", _W, "hactl alarms --test; event")

KINDS = (
    *(NODE_FAULT, CONFIGURATION, DAEMON, SPLIT, NO_ACTIVE, NO_REDUNDANCY),
    *(PEER_DEAD, PEER_AWAY, PEER_UNREADY, PEER_DEGRADED),
    *(
        HOTWIRE_DOWN,
        HOTWIRE_SILENT,
        HOTWIRE_ONE_WAY,
        HOTWIRE_FOREIGN,
        HOTWIRE_OPEN,
        NOT_PAIRED,
        LINK_DOWN,
        PING_FAILED,
        ROUTE_MISSING,
        CHECK_FAILED,
        HOOK_FAILED,
        SUSPENDED,
    ),
    *(MAINTENANCE, DUPLICATE, CONNECTIONS, SERVICE, SYNC_ERROR, SYNC_PENDING),
    *(FIRMWARE_DIFFERS, FIRMWARE_FAILED, SLOT_BAD, DISK_FULL, CERTIFICATE, DELIVERY, OTHER),
    *(BECAME_ACTIVE, TEST),
)

BY_WORD = {kind.word: kind for kind in KINDS}
