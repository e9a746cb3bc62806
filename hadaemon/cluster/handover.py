"""Handing over: an active node offers its part, keeps it until somebody takes it, or takes it back.

It makes before it breaks: the offer is an advertisement with priority 0 (RFC 9568 §6.4.3), and the node
answers for the virtual addresses until the other one claims them. Then it no longer answers, and keeps them
for a while for packets that are still under way to it.
"""

from dataclasses import replace

from hadaemon.cluster import reasons, requests
from hadaemon.cluster.actions import HandoverEnded
from hadaemon.cluster.events import (
    AdvertisementReceived,
    MaintenanceRequested,
    ResumeRequested,
    SwitchRequested,
)
from hadaemon.cluster.member import Member
from hadaemon.cluster.offers import Offers
from hadaemon.cluster.phases import (
    ANSWER_PATIENCE,
    LINGER,
    TAKEN_BY,
    Claiming,
    Lingering,
    Phase,
    Purpose,
    Releasing,
    is_asked,
)
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.cluster.witness import score_of
from hadaemon.status.states import NodeState
from hadaemon.vrrp.model import RELEASE


class Handover:
    """Hand-overs that the administrator asks for, and those to a better peer."""

    def __init__(self, member: Member, interval: float) -> None:
        """`interval`: the longest Advertisement_Interval, in seconds."""
        self._member = member
        self._known, self._orders, self._group = member.known, member.orders, member.group
        self._interval = interval
        self._offers = Offers()

    @property
    def next_deadline(self) -> float | None:
        """When to hand over to a peer that is the better one; monotonic seconds."""
        return self._offers.deadline

    def asked(self, request: requests.Request, now: float) -> None:
        """Begins the administrator's hand-over, which ends with a `HandoverEnded` in any case."""
        refusal = requests.refusal(request, self._member.state, self._member.phase, self._known)
        if refusal is not None:
            self._orders.note(HandoverEnded(False, refusal))
            return
        memory = self._known.memory
        match request:
            case SwitchRequested() if self._member.state is NodeState.ACTIVE:
                self._offer(Purpose.SWITCH, now)
            case SwitchRequested():
                self._known.damping.clear()
                self._member.remember(replace(memory, preferred=True, epoch=memory.epoch + 1), now)
                patience = 0.0 if self._known.witness.active_peer is None else ANSWER_PATIENCE
                self._member.phase = Claiming(now + patience, asked=True)
            case MaintenanceRequested(on=True, forced=forced) if self._member.state is NodeState.ACTIVE:
                self._offer(Purpose.MAINTENANCE, now, forced)
            case MaintenanceRequested(on=True):
                self._enter_maintenance(reasons.MAINTENANCE, now)
            case MaintenanceRequested():
                self._member.remember(replace(memory, maintenance=False), now)
                self._member.take_part(reasons.MAINTENANCE_OVER, now)
                self._orders.note(HandoverEnded(True, reasons.MAINTENANCE_OVER))
            case ResumeRequested():
                self._known.damping.clear()
                self._known.forgive(now)
                self._member.remember(replace(memory, suspended=False), now)
                self._member.reconsider(now)
                self._orders.note(HandoverEnded(True, reasons.RESUMED))

    def consider(self, now: float) -> None:
        """Looks, after every event, whether the peer is the better one, as it says over the hotwire."""
        peer, own = self._known.witness.ready_peer, self._known.score
        free = self._member.state is NodeState.ACTIVE and self._member.phase is None
        if peer is None or not free:
            self._offers.end()
            return
        theirs = score_of(peer)
        prefers = not (own.is_owner or self._known.memory.suspended)
        asks = peer.claims and theirs.beats(own, preempt=prefers)
        if self._offers.is_due(theirs.health < own.health, asks, now):
            self._offer(Purpose.BETTER, now)

    def claim_heard(
        self, purpose: Purpose, port: WatchedPort, event: AdvertisementReceived, now: float
    ) -> None:
        """An advertisement came in while the addresses are offered."""
        if event.advertisement.priority == RELEASE:
            return
        worse = event.advertisement.priority < self._known.score.health_floor
        self.claimed(purpose, f"{event.source} on {port.name}", worse, now)
        if self._member.state is NodeState.BACKUP:
            self._group.follow(port, event, now)

    def claimed(self, purpose: Purpose, by: str, worse: bool, now: float) -> None:
        """Somebody takes over what was offered."""
        if worse and purpose is not Purpose.MAINTENANCE:
            self._take_back(reasons.taken_by_worse(by), now)
            return
        self._group.listen(now)
        lingering = Lingering(now + LINGER)
        if purpose is Purpose.MAINTENANCE:
            self._enter_maintenance(reasons.taken(by), now, lingering)
            return
        self._member.change_state(NodeState.BACKUP, reasons.taken(by), now, lingering)
        if purpose is Purpose.SWITCH:
            memory = self._known.memory
            self._known.damping.clear()
            after = replace(memory, preferred=False, epoch=memory.epoch + 1, suspended=False)
            self._member.remember(after, now)
            self._orders.note(HandoverEnded(True, reasons.taken(by)))

    def not_taken(self, offer: Releasing, now: float) -> None:
        """The offer has stood for long enough."""
        if offer.forced:
            self._end_offer()
            self._enter_maintenance(reasons.LEFT_ALONE, now)
        else:
            self._take_back(reasons.NOBODY_TOOK, now)

    def _offer(self, purpose: Purpose, now: float, forced: bool = False) -> None:
        """Releases the addresses, and answers for them until another node does."""
        self._member.phase = Releasing(now + TAKEN_BY * self._interval + ANSWER_PATIENCE, purpose, forced)
        self._group.set_priority(RELEASE)
        self._group.advertise()

    def _take_back(self, reason: str, now: float) -> None:
        """The hand-over failed: everybody has to know who is active."""
        if is_asked(self._member.phase):
            self._orders.note(HandoverEnded(False, reason))
        self._end_offer()
        self._offers.failed(now)
        self._group.advertise()
        self._orders.announcer.restart(now)

    def _end_offer(self) -> None:
        self._member.phase = None
        self._group.set_priority(self._known.score.priority)

    def _enter_maintenance(self, reason: str, now: float, phase: Phase | None = None) -> None:
        self._group.shut_down(now)
        self._member.change_state(NodeState.MAINTENANCE, reason, now, phase)
        self._member.remember(replace(self._known.memory, maintenance=True), now)
        self._orders.note(HandoverEnded(True, reason))
