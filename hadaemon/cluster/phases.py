"""What a node is in the middle of, beside its state. At most one of these at a time; None: nothing."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from hadaemon.cluster.events import AdvertisementReceived
from hadaemon.cluster.watched_port import WatchedPort

LINGER = 0.2
"""Seconds for which a node that has handed over keeps the addresses, without answering for them, and forwards
what is still under way to it. Measured: with 50 ms no packet of 200 a second was lost."""

TAKEN_BY = 3
"""Advertisement_Intervals for which an offer of the virtual addresses lasts: two may get lost."""

ANSWER_PATIENCE = 0.1
"""Seconds on top of that, and seconds that a node waits for its peer to hand over before it claims."""


class Purpose(StrEnum):
    """Why an active node hands over."""

    SWITCH = "switch"
    """`hactl switch` on this node."""
    MAINTENANCE = "maintenance"
    """`hactl maintenance` on this node."""
    BETTER = "better"
    """The peer's score is better, as it says over the hotwire."""


@dataclass(frozen=True, slots=True)
class Tied:
    """Active, and a rival with the same score was heard."""

    deadline: float
    """When to decide at the latest; monotonic seconds, as all deadlines here."""
    port: WatchedPort
    event: AdvertisementReceived


@dataclass(frozen=True, slots=True)
class Releasing:
    """Active, and offers the virtual addresses: answers for them until somebody else does."""

    deadline: float
    """When to take them back."""
    purpose: Purpose
    forced: bool = False
    """Leave even if nobody takes them."""


@dataclass(frozen=True, slots=True)
class Lingering:
    """Has handed over: keeps the addresses for a while, but no longer answers for them."""

    deadline: float


@dataclass(frozen=True, slots=True)
class Claiming:
    """Backup, and waits for the active peer to hand over before it claims."""

    deadline: float
    asked: bool
    """By the administrator, who waits for the result."""


@dataclass(frozen=True, slots=True)
class Starting:
    """Backup since its daemon has started, and knows of nobody who is active."""

    deadline: float
    """When it stops to expect the other node to start at about the same time."""


Phase: TypeAlias = Tied | Releasing | Lingering | Claiming | Starting


def is_asked(phase: Phase | None) -> bool:
    """The administrator waits for the result."""
    match phase:
        case Releasing(purpose=purpose):
            return purpose is not Purpose.BETTER
        case Claiming(asked=asked):
            return asked
        case _:
            return False
