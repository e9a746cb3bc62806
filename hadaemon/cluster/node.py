"""One node of the pair: events in, ordered actions out.

Each event becomes a verb of the node's part in the cluster (`member`), of its dialogue about handing over
(`handover`), or of its virtual routers (`group`). Nothing here knows a clock, a socket or a kernel name;
times are monotonic seconds.
"""

from collections.abc import Mapping
from dataclasses import replace

from hadaemon.cluster import election, reasons, requests
from hadaemon.cluster.actions import Action, Remember
from hadaemon.cluster.events import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    CheckResult,
    ConnectionsReported,
    Event,
    FrameReceived,
    GuardActed,
    HotwireChanged,
    MaintenanceRequested,
    Order,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    PingResult,
    PortChanged,
    ResumeRequested,
    RouteChanged,
    ServiceSeen,
    Start,
    Stop,
    SwitchRequested,
    Tick,
    UpgradeReported,
)
from hadaemon.cluster.handover import Handover
from hadaemon.cluster.knowledge import Knowledge
from hadaemon.cluster.member import Member
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.orders import Serving
from hadaemon.cluster.phases import (
    ANSWER_PATIENCE,
    Claiming,
    Lingering,
    Phase,
    Releasing,
    Starting,
    Tied,
    is_asked,
)
from hadaemon.cluster.report import Facts, report
from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.cluster.witness import WitnessState, score_of
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.status.node import NodeStatus
from hadaemon.status.peer import Peer
from hadaemon.status.states import NodeState, Role
from hadaemon.vrrp.model import DiscardReason, IPInterface
from hadaemon.vrrp.router import Standing
from hadaemon.vrrp.timers import LONG_AGO, seconds


class Node:
    """The node's decisions. Feed PortChanged for each port, then Start; then whatever happens."""

    def __init__(
        self, node: NodeConfig, cluster: ClusterConfig, now: float, before: "Node | None" = None
    ) -> None:
        """The two configurations must have passed `hadaemon.config.check_pair`. `before`: the node that this
        one replaces, because the configuration was read again."""
        self._node = node
        self._cluster = cluster
        self._interval = seconds(cluster.intervals[0])
        """The shortest Advertisement_Interval: whoever hears us by that is the first to miss us."""
        self._known = Knowledge(node, cluster)
        self._member = Member(self._known, cluster.vrrp.preempt_delay, now)
        self._orders, self._group = self._member.orders, self._member.group
        self._handover = Handover(self._member, seconds(cluster.intervals[-1]))
        self._due: float | None = None
        """When the election or the next advertisement is due, as of the last event."""
        self._woke_at = LONG_AGO
        """When it found that it had stood still."""
        self._rival_due: float | None = None
        """When one of two active nodes gives way, while it is still too early for that."""
        self._before = None if before is None else before._member
        self._has_longer_interval = before is not None and self._known.advertises_less(before._known)
        """Than before the configuration was read again, on some HA interface."""
        if before is not None:
            self._known.go_on(before._known, now)

    @property
    def state(self) -> NodeState:
        return self._member.state

    @property
    def role(self) -> Role:
        return Role.MASTER if self._cluster.master == self._node.name else Role.SPARE

    @property
    def next_deadline(self) -> float | None:
        """When `handle(Tick(), now)` is due, monotonic seconds; None: nothing is."""
        phase = None if self._member.phase is None else self._member.phase.deadline
        known = (self._known.next_change, self._known.damping.ends_at)
        others = (self._orders.next_deadline, *known, self._handover.next_deadline, self._rival_due)
        return min((due for due in (self._due, phase, *others) if due is not None), default=None)

    @property
    def silent_at(self) -> float | None:
        """By then it has advertised, unless it stands still; monotonic seconds. Whoever listens considers it
        gone soon after, and its virtual addresses must be gone by then. None: it has none."""
        match self._member.serving, self._member.phase:
            case Serving.ANSWERING, _:
                return None if self._due is None else self._due + self._allowed
            case Serving.KEEPING, Lingering(deadline):
                return deadline + self._allowed
            case _:
                return None

    def is_old_news(self, event: Event, now: float) -> bool:
        """The peer repeats over the hotwire what it has said before, between two deadlines, while this node
        is not in the middle of anything: that has no effect. Most heartbeats are like this."""
        if not isinstance(event, PeerReport) or event.peer is None or event.peer != self._known.witness.peer:
            return False
        both_active = self._member.state is event.peer.state is NodeState.ACTIVE
        settled = self._due is not None and self._member.phase is None and not self._known.proofs.unproven
        if both_active or not settled:
            return False
        deadline = self.next_deadline
        return deadline is not None and now < deadline

    def handle(self, event: Event, now: float) -> tuple[Action, ...]:
        """Takes in one event; answers with what to do, in order."""
        if self._overslept(now):
            self._wake_up(now)
        match event:
            case AdvertisementReceived():
                self._advertisement_received(event, now)
            case AdvertisementDiscarded(port, source, reason):
                if (listening := self._known.listening(port)) is not None:
                    listening.discards.note(source, reason, now)
            case PortChanged():
                self._port_changed(event, now)
            case FrameReceived(port):
                self._known.proofs.note_frame(port)
            case PingResult() | RouteChanged() | CheckResult() | ServiceSeen():
                self._known.note_check(event, now)
                self._member.reconsider(now)
            case ConnectionsReported(missing):
                self._known.missing = missing
            case PeerReport() | PeerGoodbye() | PeerDied() | HotwireChanged():
                self._hotwire_spoke(event, now)
            case _:
                self._order_received(event, now)
        self._pass_time(now)
        self._due = self._protocol_deadline(now)
        return self._orders.settle(self._member.serving, now)

    def _order_received(self, event: Order, now: float) -> None:
        match event:
            case Start(active, memory):
                self._start(active, memory, now)
            case Stop(reason):
                self._member.leave(NodeState.OFF, reasons.stopped(reason), now)
            case SwitchRequested() | MaintenanceRequested() | ResumeRequested():
                self._handover.asked(event, now)
            case UpgradeReported():
                self._upgrade_reported(event, now)
            case GuardActed():
                self._guard_acted(now)
            case ActionFailed(action, message):
                self._orders.failed(action, message, now)
            case Tick():
                pass

    def refusal(self, request: requests.Request) -> str | None:
        """Why a request cannot be met now, in one plain sentence; None: it can, hand it to `handle`."""
        return requests.refusal(request, self._member.state, self._member.phase, self._known)

    def as_peer(self) -> Peer:
        """What to tell the other node over the hotwire: at each change, and regularly."""
        releasing, claims = (
            isinstance(self._member.phase, Releasing),
            isinstance(self._member.phase, Claiming),
        )
        return self._known.as_peer(self._member.state, releasing, claims)

    @property
    def unproven_ports(self) -> frozenset[str]:
        """Ports for which the node needs to know when a frame comes in (`FrameReceived`)."""
        return self._known.proofs.unproven

    def desired_addresses(self) -> Mapping[str, frozenset[IPInterface]]:
        """For every HA port, the virtual addresses that must be on it now: what an observer compares with."""
        orders = (self._orders.desired(port, self._member.serving) for port in self._known.all_ports)
        return {order.port: order.addresses for order in orders}

    def status(self, now: float) -> NodeStatus:
        """What to tell the administrator."""
        facts = Facts(
            node=self._node.name,
            cluster=self._cluster.name,
            role=self.role,
            state=self._member.state,
            phase=self._member.phase,
            reason=self._member.reason,
            since=self._member.since,
            known=self._known,
            held=self._orders.held() if self._member.serving is Serving.ANSWERING else frozenset(),
            failures=tuple(self._orders.problems()),
        )
        return report(facts, now)

    # taking part

    def _start(self, active: bool, memory: Memory, now: float) -> None:
        if self._member.state is not NodeState.OFF:
            return
        before, self._before = self._before, None
        self._orders.begin()
        self._known.memory = memory
        if memory.suspended and self._known.damping.ends_at is None:
            self._known.damping.suspend(now)
        self._member.reconsider(now)
        if not self._cluster.enabled:
            self._member.reason = reasons.NOT_ENABLED
        elif memory.maintenance:
            self._member.change_state(NodeState.MAINTENANCE, reasons.MAINTENANCE, now)
        elif not active:
            phase = Starting(now + election.LINK_PATIENCE) if before is None else None
            self._member.take_part(reasons.STARTED, now, phase)
            self._listen_on(before, now)
        elif self._member.is_fit(now):
            self._group.listen(now)
            self._member.become_active(reasons.CONTINUED, now)
            if self._has_longer_interval:
                self._group.advertise()  # A backup believes an interval that was named twice.
            self._member.go_on(before)

    def _listen_on(self, before: Member | None, now: float) -> None:
        """What was heard before the configuration was read again still counts, as the delays do."""
        if before is None or not before.state is self._member.state is NodeState.BACKUP:
            return
        self._member.go_on(before)
        floor = self._known.floor(preempts=self._member.preempts(now))
        for port in self._known.all_ports:
            for heard in port.all_heard(now):
                event = AdvertisementReceived(port.name, heard.source, heard.advertisement)
                self._group.receive(port, event, election.standing_to_backup(heard.advertisement, floor), now)

    def _upgrade_reported(self, event: UpgradeReported, now: float) -> None:
        self._known.upgrading = event.frozen
        kept_out = self._member.state is NodeState.MAINTENANCE and not self._known.memory.maintenance
        if event.restarting and self._member.state in (NodeState.BACKUP, NodeState.FAULT):
            self._member.leave(NodeState.MAINTENANCE, event.restarting, now)
        elif not event.restarting and kept_out:
            self._member.take_part(reasons.UPGRADE_GOES_ON, now)

    # what is known changes

    def _port_changed(self, facts: PortChanged, now: float) -> None:
        came_up = self._known.note_port(facts, now)
        self._orders.port_changed(facts.port, facts.present)
        self._member.reconsider(now)
        if self._member.is_electing or self._member.state is NodeState.FAULT:
            self._ports_changed(came_up, now)

    def _ports_changed(self, came_up: WatchedPort | None, now: float) -> None:
        fault = self._known.fault()
        if fault is not None:
            self._member.leave(NodeState.FAULT, fault, now)
        elif self._member.state is NodeState.FAULT:
            self._member.take_part(reasons.PORT_CAME, now)
        elif self._member.state is NodeState.ACTIVE and came_up:
            self._orders.announcer.restart(now)
        elif came_up:
            self._group.listen_on(came_up, now)

    # the other node: advertisements

    def _advertisement_received(self, event: AdvertisementReceived, now: float) -> None:
        port = self._known.listening(event.port, event.advertisement.vrid)
        if port is None:
            return
        refusal = port.refusal(event.source, event.advertisement)
        if refusal is DiscardReason.ADDRESSES:
            port.note_foreign(event.source, event.advertisement, now)
            return
        if refusal is not None:
            port.discards.note(event.source, refusal, now)
            return
        port.note_advertisement(event.source, event.advertisement, now)
        self._known.proofs.note_frame(event.port)
        self._member.weigh_links(now)
        if self._member.state is NodeState.BACKUP:
            floor = self._known.floor(preempts=self._member.preempts(now))
            self._group.receive(port, event, election.standing_to_backup(event.advertisement, floor), now)
        elif isinstance(self._member.phase, Releasing):
            self._handover.claim_heard(self._member.phase.purpose, port, event, now)
        elif self._member.state is NodeState.ACTIVE:
            port.note_rival(event.advertisement, now)
            self._heard_as_active(port, event, waited=False, now=now)

    def _heard_as_active(
        self, port: WatchedPort, event: AdvertisementReceived, waited: bool, now: float
    ) -> None:
        standing = self._known.standing_to_active(event.advertisement, waited, now)
        if standing is Standing.UNDECIDED and not waited:
            patience = min(election.TIE_PATIENCE, self._interval / 2)
            self._member.phase = self._member.phase or Tied(now + patience, port, event)
            return
        self._member.phase = None
        if standing is Standing.ACCEPTED:
            self._group.admit_conflict()
            self._group.follow(port, event, now)
            reason = reasons.yielded(port, event, self._known.score)
            if self._known.is_foreign(event.advertisement):
                self._member.yield_to_foreign(reason, now)
            else:
                self._member.change_state(NodeState.BACKUP, reason, now)
        elif self._group.receive(port, event, standing, now):
            # It had the addresses until now, or believes so.
            self._orders.announcer.restart(now)

    # the other node: hotwire

    def _hotwire_spoke(self, event: PeerReport | PeerGoodbye | PeerDied | HotwireChanged, now: float) -> None:
        witness = self._known.witness
        if not self._known.has_witness:
            return
        before = witness.state, witness.active_peer is None
        match event:
            case PeerReport(peer):
                self._peer_gone(witness.note_report(peer, now), now)
                if peer is not None and self._known.adopt(peer):
                    self._orders.note(Remember(self._known.memory))
                    self._member.reconsider(now)
                if witness.active_peer is not None:
                    self._member.peer_is_active(now)
                self._active_peer_reported(now)
            case PeerGoodbye():
                self._peer_gone(witness.note_end(WitnessState.LEFT, now), now)
            case PeerDied():
                self._peer_gone(witness.note_end(WitnessState.DEAD, now), now)
            case HotwireChanged(carrier):
                witness.note_carrier(carrier, now)
        if witness.active_peer is None and before != (witness.state, True):
            self._other_changed(now)

    def _active_peer_reported(self, now: float) -> None:
        """Two active nodes know of each other, at the latest over the hotwire: one gives way.

        Not at once: what the peer says may be older than what it has seen of us.
        """
        peer = self._known.witness.active_peer
        self._rival_due = None
        if peer is None or self._member.state is not NodeState.ACTIVE:
            return
        if isinstance(self._member.phase, Releasing):
            self._handover.claimed(
                self._member.phase.purpose, peer.name, score_of(peer).health > self._known.score.health, now
            )
        elif now < self._member.since + self._interval / 2:
            self._rival_due = self._member.since + self._interval / 2
        elif self._known.yields_to(peer):
            self._group.admit_conflict()
            self._member.listen_again(reasons.peer_is_better(peer), now)

    def _other_changed(self, now: float) -> None:
        """The peer came back, or died, said goodbye, fell silent or gave way. Its kernel may have answered
        for the addresses until now: switches and routers must learn who does."""
        if self._member.state is NodeState.ACTIVE:
            self._orders.announcer.restart(now)

    def _peer_gone(self, was_active: bool, now: float) -> None:
        if was_active and self._member.state is NodeState.BACKUP:
            self._group.expect_release(now)

    # time

    def _protocol_deadline(self, now: float) -> float | None:
        """When the election or the next advertisement is due. A takeover that waits for the peer is not part
        of it."""
        if self._member.state is not NodeState.BACKUP:
            return self._group.next_round
        due = self._known.takeover_time(self._member.links_by)
        return due if due is not None and due > now else None

    def _overslept(self, now: float) -> bool:
        """The process stood still for so long that what it believes may be out of date.

        An active node whose last advertisement is three intervals old may have been replaced. A backup that
        is late by an interval of the active node may have missed its advertisements, or not read them yet;
        the interval that it has learnt counts if that is the shorter one (RFC 9568 §6.1).
        """
        due = self._due
        return due is not None and now > due and now - due > self._allowed

    @property
    def _allowed(self) -> float:
        """Seconds by which it may be late."""
        if self._member.state is NodeState.ACTIVE:
            return 2 * self._interval
        return min(self._interval, self._group.shortest_silence / 3)

    def _wake_up(self, now: float) -> None:
        """What it believed is out of date: it listens before it acts. Its guard has removed the addresses."""
        self._woke_at = now
        self._orders.addresses_gone()
        self._known.witness.forget()
        self._member.listen_again(reasons.OVERSLEPT, now)

    def _guard_acted(self, now: float) -> None:
        """Usually the node knows by then that it stood still."""
        if self._member.serving is not Serving.NOTHING and now - self._woke_at > self._interval:
            self._wake_up(now)
        self._orders.addresses_gone()

    def _pass_time(self, now: float) -> None:
        if self._known.next_change is not None and self._known.next_change <= now:
            self._member.reconsider(now)
        if self._known.damping.ends_at is not None and self._known.damping.ends_at <= now:
            self._known.damping.clear()
            self._member.remember(replace(self._known.memory, suspended=False), now)
        if self._rival_due is not None and self._rival_due <= now:
            self._active_peer_reported(now)
        self._member.weigh_links(now)
        if self._member.phase is not None and self._member.phase.deadline <= now:
            self._phase_over(self._member.phase, now)
        if self._member.state is NodeState.BACKUP:
            self._consider_takeover(now)
        elif self._member.state is NodeState.ACTIVE:
            self._group.keep_rounds(now)
        self._known.note_silence(self._member.state is NodeState.BACKUP, now)
        self._handover.consider(now)

    def _phase_over(self, phase: Phase, now: float) -> None:
        match phase:
            case Tied(port=port, event=event):
                self._heard_as_active(port, event, waited=True, now=now)
            case Releasing():
                self._handover.not_taken(phase, now)
            case Claiming(asked=True):
                self._member.become_active(reasons.ASKED_TO_TAKE, now)
            case Claiming() if self._may_take_unanswered(now):
                self._member.become_active(reasons.NOT_HANDED_OVER, now)
            case Lingering() | Claiming() | Starting():
                self._member.phase = None

    def _may_take_unanswered(self, now: float) -> bool:
        """The active node was asked to hand over and did not: it stands still, or the hotwire works in one
        direction only. It is less healthy, or its advertisements are heard, so that it will hear ours."""
        peer = self._known.witness.active_peer
        healthier = peer is not None and self._known.beats(peer, preempts=False)
        return healthier or any(port.hears_now(now) for port in self._known.all_ports)

    def _takeover_reason(self, now: float) -> str:
        witness = self._known.witness
        heard = (port.heard.at for port in self._known.all_ports if port.heard is not None)
        last = max(heard, default=LONG_AGO)
        if witness.state in reasons.GONE and election.was_under_way(last, witness.ended_at):
            return reasons.GONE[witness.state]
        floor = self._known.floor(preempts=self._member.preempts(now))
        return reasons.takeover(self._known.all_ports, floor, now)

    def _consider_takeover(self, now: float) -> None:
        witness = self._known.witness
        if isinstance(self._member.phase, Starting) and self._known.hears_active(now):
            self._member.phase = None
        if witness.is_offered and witness.peer is not None:
            self._member.become_active(reasons.offered(witness.peer), now)
            return
        if isinstance(self._member.phase, Starting) and (peer := self._known.left_to_begin()) is not None:
            self._member.become_active(reasons.begins(peer), now)
            return
        due = self._known.takeover_time(self._member.links_by)
        waits = isinstance(self._member.phase, Claiming)
        if due is None or due > now:
            self._member.phase = None if waits and not is_asked(self._member.phase) else self._member.phase
        elif witness.active_peer is None:
            self._member.become_active(self._takeover_reason(now), now)
        elif not waits and self._known.beats(witness.active_peer, preempts=self._member.preempts(now)):
            self._member.phase = Claiming(now + ANSWER_PATIENCE, asked=False)
