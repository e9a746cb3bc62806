"""One node of the simulated world, as the world sees it, and how its machine may stand still."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from hadaemon.cluster import (
    AdvertisementReceived,
    Event,
    HandoverEnded,
    Node,
    NodeState,
    Peer,
    PeerReport,
    SetAddresses,
    StateChanged,
    Tick,
)
from hadaemon.cluster.memory import EMPTY, Memory
from hadaemon.config import TrackedRoute

UNBOUNDED = math.inf
"""Room for every packet that comes while a machine stands still."""


class Standstill(StrEnum):
    """What stands still. Packets come in meanwhile, as many as there is room for, and wait unread."""

    STALL = "stall"
    """The daemon alone: its kernel goes on to answer, and its guard acts; the clock goes on."""
    SUSPENDED = "suspended"
    """The whole machine: nothing answers, and CLOCK_BOOTTIME goes on."""
    PAUSED = "paused"
    """The whole virtual machine, by its host: nothing answers, and no clock of it moves."""


@dataclass
class Machine:
    """One node as the world sees it."""

    name: str
    node: Node | None = None
    words: Peer | None = None
    """The node in its own words, as of the last event."""
    powered: bool = False
    started: bool = False
    standstill: Standstill | None = None
    room: float = UNBOUNDED
    """Packets that wait unread at most; those that come later are lost."""
    silent_at: float | None = None
    """When its guard takes the addresses away, by its own clock; None: it has none."""
    inbox: list[Event] = field(default_factory=list)
    kernel: dict[str, SetAddresses] = field(default_factory=dict)
    changes: list[tuple[float, StateChanged]] = field(default_factory=list)
    results: list[HandoverEnded] = field(default_factory=list)
    memory: Memory = EMPTY
    routes: dict[TrackedRoute, bool] = field(default_factory=dict)
    """What its daemon finds in the kernel, as far as it was told in this history."""
    unanswered: set[str] = field(default_factory=set)
    """Of the ping groups that count on the active node alone, those that would not answer it; none answers a
    backup."""
    bad_checks: set[str] = field(default_factory=set)
    """Of the own checks that count on the active node alone, those that would be bad there; none is good on a
    backup."""
    bad_services: set[str] = field(default_factory=set)
    """Of the services that count, those that would not run there."""
    lacking: str = ""
    """What of the other node's connections it has not yet, as a plain phrase; empty: nothing."""
    clock: float = 0.0
    """What its monotonic clock shows, less the world's time."""
    alarm: int = 0
    """Number of the wake-up that counts; earlier ones are stale."""
    patient_until: float = 0.0
    """Until then a node that never had a link need not take over."""
    had_link: bool = False

    @property
    def asleep(self) -> bool:
        """Its daemon does not run."""
        return self.standstill is not None

    @property
    def holds(self) -> bool:
        """It has any virtual address."""
        return any(order.addresses for order in self.kernel.values())

    @property
    def answers(self) -> bool:
        """For any virtual address: it is what "active" means on the wire."""
        frozen = self.standstill in (Standstill.SUSPENDED, Standstill.PAUSED)
        return not frozen and any(order.addresses and order.answering for order in self.kernel.values())

    @property
    def takes_part(self) -> bool:
        return self.node is not None and self.node.state in (NodeState.ACTIVE, NodeState.BACKUP)

    def must_serve(self, now: float) -> bool:
        """If nobody else is active, it has to be."""
        return self.takes_part and not self.asleep and (self.had_link or now >= self.patient_until)

    def leave_unread(self, event: Event) -> bool:
        """While it stands still. True: the event waits; False: it is lost, or there is no need to keep it.

        What the kernel tells (links, a connection that broke) is not lost, and what has come first is kept.
        """
        if isinstance(event, Tick):
            return False
        if _is_packet(event) and sum(map(_is_packet, self.inbox)) >= self.room:
            return False
        self.inbox.append(event)
        return True


def _is_packet(event: Event) -> bool:
    return isinstance(event, AdvertisementReceived) or (
        isinstance(event, PeerReport) and event.peer is not None
    )
