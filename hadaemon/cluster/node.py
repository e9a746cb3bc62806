"""One node of the pair: events in, ordered actions out.

Invariants: the virtual routers of all HA interfaces are in the same state; what is done with the virtual
addresses follows from the node's state and phase alone. Nothing here knows a clock, a socket or a kernel
name; times are monotonic seconds.
"""

from collections.abc import Mapping
from dataclasses import replace

from hadaemon.cluster import election, reasons, requests
from hadaemon.cluster.actions import Action, HandoverEnded, Remember, StateChanged
from hadaemon.cluster.events import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    Event,
    HotwireChanged,
    MaintenanceRequested,
    Order,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    PingResult,
    PortChanged,
    ResumeRequested,
    Start,
    Stop,
    SwitchRequested,
    Tick,
)
from hadaemon.cluster.group import Group
from hadaemon.cluster.haport import HaPort
from hadaemon.cluster.knowledge import Knowledge
from hadaemon.cluster.memory import Memory
from hadaemon.cluster.offers import Offers
from hadaemon.cluster.orders import Orders, Serving
from hadaemon.cluster.peer import Peer
from hadaemon.cluster.phases import (
    ANSWER_PATIENCE,
    LINGER,
    TAKEN_BY,
    Claiming,
    Lingering,
    Phase,
    Purpose,
    Releasing,
    Tied,
    is_asked,
)
from hadaemon.cluster.report import Facts, report
from hadaemon.cluster.states import NodeState, Role
from hadaemon.cluster.status import NodeStatus
from hadaemon.cluster.witness import WitnessState, score_of
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.vrrp.model import RELEASE, IPInterface
from hadaemon.vrrp.router import Standing
from hadaemon.vrrp.timers import seconds

_ELECTING = frozenset({NodeState.ACTIVE, NodeState.BACKUP})


class Node:
    """The node's decisions. Feed PortChanged for each port, then Start; then whatever happens."""

    def __init__(self, node: NodeConfig, cluster: ClusterConfig, now: float) -> None:
        """The pair of configurations must have passed `hadaemon.config.check_pair`."""
        self._node = node
        self._cluster = cluster
        self._interval = seconds(cluster.vrrp.advertisement_interval)
        self._known = Knowledge(node, cluster)
        self._orders = Orders(self._known.ports)
        self._group = Group(self._known.all_ports, self._orders)
        self._state = NodeState.OFF
        self._phase: Phase | None = None
        """What the node is in the middle of; each belongs to one state, and ends with it."""
        self._reason = reasons.NOT_STARTED
        self._since = now
        self._due: float | None = None
        """When the election or the next advertisement is due, as of the last event."""
        self._links_by = now
        """A node of which no port has been up yet counts as blind from then on."""
        self._preempts_from = now
        """Preference counts from then on."""
        self._offers = Offers()

    @property
    def state(self) -> NodeState:
        return self._state

    @property
    def role(self) -> Role:
        return Role.MASTER if self._cluster.master == self._node.name else Role.SPARE

    @property
    def next_deadline(self) -> float | None:
        """When `handle(Tick(), now)` is due, monotonic seconds; None: nothing is."""
        phase = None if self._phase is None else self._phase.deadline
        others = (self._orders.next_deadline, self._known.next_change, self._offers.deadline)
        return min((due for due in (self._due, phase, *others) if due is not None), default=None)

    def handle(self, event: Event, now: float) -> tuple[Action, ...]:
        """Takes in one event; answers with what to do, in order."""
        if self._overslept(now):
            self._known.witness.forget()
            self._listen_again(reasons.OVERSLEPT, now)
        match event:
            case AdvertisementReceived():
                self._advertisement_received(event, now)
            case AdvertisementDiscarded(port, reason):
                if port in self._known.ports:
                    self._known.ports[port].note_discard(reason, now)
            case PortChanged():
                self._port_changed(event, now)
            case PingResult():
                self._known.pings.note(event)
                self._reconsider(now)
            case PeerReport() | PeerGoodbye() | PeerDied() | HotwireChanged():
                self._hotwire_spoke(event, now)
            case _:
                self._told(event, now)
        self._pass_time(now)
        self._due = self._protocol_deadline(now)
        return self._orders.settle(self._serving, now)

    def _told(self, event: Order, now: float) -> None:
        match event:
            case Start(active, memory):
                self._start(active, memory, now)
            case Stop(reason):
                self._leave(NodeState.OFF, reasons.stopped(reason), now)
            case SwitchRequested() | MaintenanceRequested() | ResumeRequested():
                self._asked(event, now)
            case ActionFailed(action, message):
                self._orders.failed(action, message, now)
            case Tick():
                pass

    def refusal(self, request: requests.Request) -> str | None:
        """Why a request cannot be met now, in one plain sentence; None: it can, hand it to `handle`."""
        return requests.refusal(request, self._state, self._phase, self._known)

    def as_peer(self) -> Peer:
        """What to tell the other node over the hotwire: at each change, and regularly."""
        releasing, claims = isinstance(self._phase, Releasing), isinstance(self._phase, Claiming)
        return self._known.as_peer(self._state, releasing, claims)

    def desired_addresses(self) -> Mapping[str, frozenset[IPInterface]]:
        """For every HA port, the virtual addresses that must be on it now: to reconcile with the kernel."""
        ports = self._known.ports.items()
        return {name: self._orders.desired(port, self._serving).addresses for name, port in ports}

    def status(self, now: float) -> NodeStatus:
        """What to tell the administrator."""
        facts = Facts(
            node=self._node.name,
            cluster=self._cluster.name,
            role=self.role,
            state=self._state,
            phase=self._phase,
            reason=self._reason,
            since=self._since,
            known=self._known,
            held=self._orders.held() if self._serving is Serving.ANSWERING else frozenset(),
            failures=tuple(self._orders.problems()),
        )
        return report(facts, now)

    # taking part

    def _start(self, active: bool, memory: Memory, now: float) -> None:
        if self._state is not NodeState.OFF:
            return
        self._orders.begin()
        self._known.memory = memory
        self._reconsider(now)
        if not self._cluster.enabled:
            self._reason = reasons.NOT_ENABLED
        elif memory.maintenance:
            self._change_state(NodeState.MAINTENANCE, reasons.MAINTENANCE, now)
        elif not active:
            self._take_part(reasons.STARTED, now)
        elif self._is_fit(now):
            self._group.listen(now)
            self._become_active(reasons.CONTINUED, now)

    def _is_fit(self, now: float) -> bool:
        """Else it is in fault."""
        self._links_by = now + election.LINK_PATIENCE
        fault = self._known.fault()
        if fault is not None:
            self._change_state(NodeState.FAULT, fault, now)
        return fault is None

    def _take_part(self, reason: str, now: float) -> None:
        if self._is_fit(now):
            self._listen_again(reason, now)

    def _leave(self, state: NodeState, reason: str, now: float) -> None:
        """Out of the election."""
        self._group.shut_down(now)
        self._change_state(state, reason, now)

    def _listen_again(self, reason: str, now: float) -> None:
        """Backup from now on, and silent until it is known who is active."""
        self._group.listen(now)
        self._change_state(NodeState.BACKUP, reason, now)

    def _become_active(self, reason: str, now: float) -> None:
        asked = is_asked(self._phase)
        self._group.claim(now)
        self._change_state(NodeState.ACTIVE, reason, now)
        self._orders.announcer.restart(now)
        if asked:
            self._orders.note(HandoverEnded(True, reason))

    def _change_state(self, new: NodeState, reason: str, now: float, phase: Phase | None = None) -> None:
        old, self._state = self._state, new
        ended, self._phase = self._phase, phase
        self._reason = reason
        self._offers.end()
        if new is not NodeState.ACTIVE:
            self._orders.announcer.stop()
        if isinstance(ended, Releasing):
            self._group.set_priority(self._known.score.priority)
        if new is old:
            return
        self._since = now
        self._preempts_from = now + self._cluster.vrrp.preempt_delay
        self._orders.note(StateChanged(old, new, reason))
        if is_asked(ended):
            succeeded = phase is not None or new is NodeState.ACTIVE
            if not succeeded:
                self._orders.note(HandoverEnded(False, reason))
        elif {old, new} == _ELECTING and self._known.damping.note_switch(now):
            self._remember(replace(self._known.memory, suspended=True), now)

    def _remember(self, memory: Memory, now: float) -> None:
        if memory == self._known.memory:
            return
        self._known.memory = memory
        self._orders.note(Remember(memory))
        self._reconsider(now)

    # what is known changes

    def _port_changed(self, facts: PortChanged, now: float) -> None:
        port = self._known.ports.get(facts.port)
        if port is None:
            return
        was_up = port.is_up
        port.update(facts, now)
        self._orders.port_changed(port)
        self._reconsider(now)
        if self._state in _ELECTING or self._state is NodeState.FAULT:
            self._ports_changed(port if port.is_up and not was_up else None, now)

    def _ports_changed(self, came_up: HaPort | None, now: float) -> None:
        fault = self._known.fault()
        if fault is not None:
            self._leave(NodeState.FAULT, fault, now)
        elif self._state is NodeState.FAULT:
            self._take_part(reasons.PORTS_COMPLETE, now)
        elif came_up and self._state is NodeState.ACTIVE:
            self._orders.announcer.restart(now)
        elif came_up:
            self._group.listen_on(came_up, now)

    def _reconsider(self, now: float) -> None:
        """The facts behind the score may have changed: the other node has to know at once."""
        before = self._known.score
        if not self._known.rescore(now) or isinstance(self._phase, Releasing):
            return
        self._group.set_priority(self._known.score.priority)
        if self._state is NodeState.ACTIVE:
            self._group.advertise()
        elif self._known.score.health < before.health:
            self._preempts_from = now + self._cluster.vrrp.preempt_delay

    # the other node: advertisements

    def _advertisement_received(self, event: AdvertisementReceived, now: float) -> None:
        port = self._known.ports.get(event.port)
        if port is None:
            return
        refusal = port.refusal(event.source, event.advertisement)
        if refusal is not None:
            port.note_discard(refusal, now)
            return
        port.note_advertisement(event.source, event.advertisement, now)
        if self._state is NodeState.BACKUP:
            floor = self._known.floor(preempts=now >= self._preempts_from)
            self._group.receive(port, event, election.standing_to_backup(event.advertisement, floor), now)
        elif isinstance(self._phase, Releasing):
            self._claim_heard(self._phase.purpose, port, event, now)
        elif self._state is NodeState.ACTIVE:
            self._heard_as_active(port, event, waited=False, now=now)

    def _heard_as_active(self, port: HaPort, event: AdvertisementReceived, waited: bool, now: float) -> None:
        standing = self._known.standing_to_active(event.advertisement, waited, now)
        if standing is Standing.UNDECIDED and not waited:
            patience = min(election.TIE_PATIENCE, self._interval / 2)
            self._phase = self._phase or Tied(now + patience, event)
            return
        self._phase = None
        if standing is Standing.ACCEPTED:
            self._group.follow(port, event, now)
            reason = reasons.yielded(port, event, self._known.score)
            self._change_state(NodeState.BACKUP, reason, now)
        elif self._group.receive(port, event, standing, now) and standing is Standing.REFUSED:
            self._orders.announcer.restart(now)

    # the other node: hotwire

    def _hotwire_spoke(self, event: PeerReport | PeerGoodbye | PeerDied | HotwireChanged, now: float) -> None:
        witness = self._known.witness
        if not self._known.has_witness:
            return
        match event:
            case PeerReport(peer):
                witness.note_report(peer, now)
                if peer is not None and self._known.adopt(peer):
                    self._orders.note(Remember(self._known.memory))
                    self._reconsider(now)
                self._active_peer_reported(now)
            case PeerGoodbye():
                self._peer_gone(witness.note_end(WitnessState.LEFT), now)
            case PeerDied():
                self._peer_gone(witness.note_end(WitnessState.DEAD), now)
            case HotwireChanged(carrier):
                witness.note_carrier(carrier, now)

    def _active_peer_reported(self, now: float) -> None:
        """Two active ones know of each other, at the latest over the hotwire: one gives way.

        Not at once: what the peer says may be older than what it has seen of us.
        """
        peer = self._known.witness.active_peer
        if peer is None or self._state is not NodeState.ACTIVE:
            return
        if isinstance(self._phase, Releasing):
            self._claimed(
                self._phase.purpose, peer.name, score_of(peer).health > self._known.score.health, now
            )
        elif now >= self._since + self._interval / 2 and self._known.yields_to(peer):
            self._listen_again(reasons.peer_is_better(peer), now)

    def _peer_gone(self, was_active: bool, now: float) -> None:
        if was_active and self._state is NodeState.BACKUP:
            self._group.expect_release(now)

    # handing over

    def _asked(self, request: requests.Request, now: float) -> None:
        refusal = self.refusal(request)
        if refusal is not None:
            self._orders.note(HandoverEnded(False, refusal))
            return
        memory = self._known.memory
        match request:
            case SwitchRequested() if self._state is NodeState.ACTIVE:
                self._offer(Purpose.SWITCH, now)
            case SwitchRequested():
                self._remember(replace(memory, preferred=True, epoch=memory.epoch + 1), now)
                patience = 0.0 if self._known.witness.active_peer is None else ANSWER_PATIENCE
                self._phase = Claiming(now + patience, asked=True)
            case MaintenanceRequested(on=True, forced=forced) if self._state is NodeState.ACTIVE:
                self._offer(Purpose.MAINTENANCE, now, forced)
            case MaintenanceRequested(on=True):
                self._enter_maintenance(reasons.MAINTENANCE, now)
            case MaintenanceRequested():
                self._remember(replace(memory, maintenance=False), now)
                self._take_part(reasons.MAINTENANCE_OVER, now)
                self._orders.note(HandoverEnded(True, reasons.MAINTENANCE_OVER))
            case ResumeRequested():
                self._known.damping.clear()
                self._remember(replace(memory, suspended=False), now)
                self._orders.note(HandoverEnded(True, reasons.RESUMED))

    def _enter_maintenance(self, reason: str, now: float, phase: Phase | None = None) -> None:
        self._group.shut_down(now)
        self._change_state(NodeState.MAINTENANCE, reason, now, phase)
        self._remember(replace(self._known.memory, maintenance=True), now)
        self._orders.note(HandoverEnded(True, reason))

    def _offer(self, purpose: Purpose, now: float, forced: bool = False) -> None:
        """Releases the addresses, and answers for them until another node does."""
        self._phase = Releasing(now + TAKEN_BY * self._interval + ANSWER_PATIENCE, purpose, forced)
        self._offers.end()
        self._group.set_priority(RELEASE)
        self._group.advertise()

    def _claim_heard(self, purpose: Purpose, port: HaPort, event: AdvertisementReceived, now: float) -> None:
        if event.advertisement.priority == RELEASE:
            return
        worse = event.advertisement.priority < self._known.score.health_floor
        self._claimed(purpose, f"{event.source} on {port.name}", worse, now)
        if self._state is NodeState.BACKUP:
            self._group.follow(port, event, now)

    def _claimed(self, purpose: Purpose, by: str, worse: bool, now: float) -> None:
        """Somebody takes what was offered."""
        if worse and purpose is not Purpose.MAINTENANCE:
            self._take_back(reasons.taken_by_worse(by), now)
            return
        self._group.listen(now)
        lingering = Lingering(now + LINGER)
        if purpose is Purpose.MAINTENANCE:
            self._enter_maintenance(reasons.taken(by), now, lingering)
            return
        self._change_state(NodeState.BACKUP, reasons.taken(by), now, lingering)
        if purpose is Purpose.SWITCH:
            memory = self._known.memory
            self._remember(replace(memory, preferred=False, epoch=memory.epoch + 1), now)
            self._orders.note(HandoverEnded(True, reasons.taken(by)))

    def _not_taken(self, offer: Releasing, now: float) -> None:
        if offer.forced:
            self._phase = None
            self._enter_maintenance(reasons.LEFT_ALONE, now)
        else:
            self._take_back(reasons.NOBODY_TOOK, now)

    def _take_back(self, reason: str, now: float) -> None:
        """The hand-over failed: everybody has to know who is active."""
        if is_asked(self._phase):
            self._orders.note(HandoverEnded(False, reason))
        self._phase = None
        self._offers.failed(now)
        self._group.set_priority(self._known.score.priority)
        self._group.advertise()
        self._orders.announcer.restart(now)

    # time

    def _protocol_deadline(self, now: float) -> float | None:
        """When the election or the next advertisement is due. A takeover that waits for the peer is not."""
        if self._state is not NodeState.BACKUP:
            return self._group.next_round
        due = self._known.takeover_time(self._links_by)
        return due if due is not None and due > now else None

    def _overslept(self, now: float) -> bool:
        """The process stood still for so long that what it believes may be over.

        An active whose last advertisement is three intervals old may have been replaced. A backup that comes
        an interval too late may have advertisements waiting unread.
        """
        allowed = (2 if self._state is NodeState.ACTIVE else 1) * self._interval
        return self._due is not None and now - self._due > allowed

    def _pass_time(self, now: float) -> None:
        if self._known.next_change is not None and self._known.next_change <= now:
            self._reconsider(now)
        if self._phase is not None and self._phase.deadline <= now:
            self._phase_over(self._phase, now)
        if self._state is NodeState.BACKUP:
            self._consider_takeover(now)
        elif self._state is NodeState.ACTIVE:
            self._consider_offer(now)
            self._group.keep_rounds(now)

    def _phase_over(self, phase: Phase, now: float) -> None:
        match phase:
            case Tied(event=event):
                self._heard_as_active(self._known.ports[event.port], event, waited=True, now=now)
            case Releasing():
                self._not_taken(phase, now)
            case Claiming(asked=asked) if asked or any(port.hears_now(now) for port in self._known.all_ports):
                self._become_active(reasons.ASKED_TO_TAKE if asked else reasons.NOT_HANDED_OVER, now)
            case Lingering() | Claiming():
                self._phase = None

    def _consider_takeover(self, now: float) -> None:
        witness = self._known.witness
        if witness.is_offered and witness.peer is not None:
            self._become_active(reasons.offered(witness.peer), now)
            return
        due = self._known.takeover_time(self._links_by)
        waits = isinstance(self._phase, Claiming)
        if due is None or due > now:
            self._phase = None if waits and not is_asked(self._phase) else self._phase
        elif witness.active_peer is None:
            floor = self._known.floor(preempts=now >= self._preempts_from)
            self._become_active(reasons.takeover(self._known.all_ports, floor, now), now)
        elif not waits and self._known.beats(witness.active_peer, preempts=now >= self._preempts_from):
            self._phase = Claiming(now + ANSWER_PATIENCE, asked=False)

    def _consider_offer(self, now: float) -> None:
        peer, own = self._known.witness.ready_peer, self._known.score
        if peer is None or self._phase is not None or self._known.memory.suspended or own.is_owner:
            return
        theirs = score_of(peer)
        asks = peer.claims and theirs.beats(own, preempt=True)
        if self._offers.is_due(theirs.health < own.health, asks, now):
            self._offer(Purpose.BETTER, now)

    @property
    def _serving(self) -> Serving:
        if self._state is NodeState.ACTIVE:
            return Serving.ANSWERING
        return Serving.KEEPING if isinstance(self._phase, Lingering) else Serving.NOTHING
