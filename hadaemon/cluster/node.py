"""One node of the pair: events in, ordered actions out.

Invariants: the virtual routers of all HA interfaces are in the same state, and `desired_addresses` follows
from the node's state alone. Nothing here knows a clock, a socket or a kernel name; times are monotonic
seconds.
"""

from collections.abc import Mapping
from ipaddress import IPv4Interface

from hadaemon.cluster import election, reasons
from hadaemon.cluster.actions import (
    Action,
    Announce,
    HandoverEnded,
    Remember,
    SendAdvertisement,
    SetAddresses,
    StateChanged,
)
from hadaemon.cluster.addresses import AddressBook
from hadaemon.cluster.announcer import Announcer
from hadaemon.cluster.events import (
    ActionFailed,
    AdvertisementDiscarded,
    AdvertisementReceived,
    Event,
    HotwireChanged,
    MaintenanceRequested,
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
from hadaemon.cluster.haport import HaPort
from hadaemon.cluster.report import Facts, report
from hadaemon.cluster.score import Score
from hadaemon.cluster.states import NodeState, Role
from hadaemon.cluster.status import NodeStatus
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.vrrp.model import Advertisement, Priority
from hadaemon.vrrp.router import Listen, Received, RouterEvent, Shutdown, Standing, TimerFired
from hadaemon.vrrp.timers import seconds

_ELECTING = frozenset({NodeState.ACTIVE, NodeState.BACKUP})


class Node:
    """The node's decisions. Feed PortChanged for each port, then Start; then whatever happens."""

    def __init__(self, node: NodeConfig, cluster: ClusterConfig, now: float) -> None:
        """The pair of configurations must have passed `hadaemon.config.check_pair`."""
        self._node = node
        self._cluster = cluster
        self._interval = seconds(cluster.vrrp.advertisement_interval)
        self._state = NodeState.OFF
        self._reason = reasons.NOT_STARTED
        self._since = now
        self._score = Score(links_down=len(cluster.ha_interfaces), preferred=cluster.master == node.name)
        by_vrid = sorted(cluster.ha_interfaces, key=lambda interface: interface.vrid)
        self._ports = {
            interface.port: HaPort(interface, cluster.vrrp, self._score.priority) for interface in by_vrid
        }
        self._announcer = Announcer()
        self._book = AddressBook()
        self._send_failures: dict[str, str] = {}
        self._started = False
        """A Start has come at some time."""
        self._links_by = now
        """A node of which no port has been up yet counts as blind from then on; monotonic seconds."""
        self._tie: tuple[AdvertisementReceived, float] | None = None
        """An advertisement with our own score, and when to decide at the latest."""
        self._outbox: list[Action] = []
        self._farewells: list[Action] = []
        self._changes: list[Action] = []

    @property
    def state(self) -> NodeState:
        return self._state

    @property
    def role(self) -> Role:
        return Role.MASTER if self._score.preferred else Role.SPARE

    @property
    def next_deadline(self) -> float | None:
        """When `handle(Tick(), now)` is due, monotonic seconds; None: nothing is."""
        tie = None if self._tie is None else self._tie[1]
        deadlines = (self._protocol_deadline(), tie, self._announcer.next_deadline, self._book.next_deadline)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def handle(self, event: Event, now: float) -> tuple[Action, ...]:
        """Takes in one event; answers with what to do, in order."""
        if self._overslept(now):
            self._listen_again(reasons.OVERSLEPT, now)
        match event:
            case Start(active):
                self._start(active, now)
            case Stop(reason):
                self._leave(NodeState.OFF, reasons.stopped(reason), now)
            case PortChanged():
                self._port_changed(event, now)
            case AdvertisementReceived():
                self._advertisement_received(event, now)
            case AdvertisementDiscarded(port, reason):
                if port in self._ports:
                    self._ports[port].note_discard(reason, now)
            case ActionFailed(action, message):
                self._action_failed(action, message, now)
            case (
                Tick()
                | SwitchRequested()
                | MaintenanceRequested()
                | ResumeRequested()
                | PingResult()
                | PeerReport()
                | PeerGoodbye()
                | PeerDied()
                | HotwireChanged()
            ):
                pass
        self._fire_timers(now)
        return self._settle(now)

    def refusal(self, request: SwitchRequested | MaintenanceRequested | ResumeRequested) -> str | None:
        """Why a request cannot be met now, in one plain sentence; None: it can, hand it to `handle`."""
        return "not possible yet"

    def desired_addresses(self) -> Mapping[str, frozenset[IPv4Interface]]:
        """For every HA port, the virtual addresses that must be on it now: to reconcile with the kernel."""
        active = self._state is NodeState.ACTIVE
        return {
            name: frozenset(port.config.virtual_addresses) if active else frozenset()
            for name, port in self._ports.items()
        }

    def status(self, now: float) -> NodeStatus:
        """What to tell the administrator."""
        ports = tuple(self._ports.values())
        failures = [
            f"port {port}: sending failed: {text}" for port, text in sorted(self._send_failures.items())
        ]
        held = frozenset(name for name in self._ports if not self._book.has_failed(name))
        facts = Facts(
            node=self._node.name,
            cluster=self._cluster.name,
            role=self.role,
            state=self._state,
            reason=self._reason,
            since=self._since,
            score=self._score,
            ports=ports,
            held=held if self._state is NodeState.ACTIVE else frozenset(),
            failures=tuple(self._book.problems() + failures),
        )
        return report(facts, now)

    # taking part

    def _start(self, active: bool, now: float) -> None:
        if self._state is not NodeState.OFF:
            return
        self._started = True
        self._links_by = now + election.LINK_PATIENCE
        if not self._cluster.enabled:
            self._reason = reasons.NOT_ENABLED
            return
        self._rescore()
        fault = self._fault()
        if fault is not None:
            self._change_state(NodeState.FAULT, fault, now)
            return
        if active:
            self._listen_on_all(now)
            self._become_active(reasons.CONTINUED, now)
        else:
            self._listen_again(reasons.STARTED, now)

    def _leave(self, state: NodeState, reason: str, now: float) -> None:
        """Out of the election: whoever listens is told (RFC 9568 §6.4.3, Shutdown)."""
        for port in self._ports.values():
            self._farewells += self._drive(port, Shutdown(), now)
        self._change_state(state, reason, now)

    def _listen_again(self, reason: str, now: float) -> None:
        """Backup from now on, and silent until it is known who is active."""
        self._listen_on_all(now)
        self._change_state(NodeState.BACKUP, reason, now)

    def _listen_on_all(self, now: float) -> None:
        for port in self._ports.values():
            self._drive(port, Listen(), now)

    def _become_active(self, reason: str, now: float) -> None:
        for port in self._ports.values():
            self._outbox += self._drive(port, TimerFired(), now)
        self._change_state(NodeState.ACTIVE, reason, now)
        self._announcer.restart(now)

    @property
    def _floor(self) -> Priority:
        """The lowest priority that we leave active."""
        return election.acceptance_floor(self._score, self._cluster.vrrp.preempt)

    def _change_state(self, new: NodeState, reason: str, now: float) -> None:
        old, self._state = self._state, new
        self._reason = reason
        self._tie = None
        if new is not NodeState.ACTIVE:
            self._announcer.stop()
        if new is not old:
            self._since = now
            self._changes.append(StateChanged(old, new, reason))

    def _fault(self) -> str | None:
        """Why this node cannot take part; a port that was there and went away is only a lost link."""
        ports = tuple(self._ports.values())
        missing = [port for port in ports if not port.was_present]
        if missing:
            return reasons.missing(tuple(self._node.ports[port.name] for port in missing))
        return None if any(port.present for port in ports) else reasons.ALL_PORTS_GONE

    # events

    def _port_changed(self, facts: PortChanged, now: float) -> None:
        port = self._ports.get(facts.port)
        if port is None:
            return
        was_up = port.is_up
        port.update(facts)
        if not facts.present:
            self._book.forget(facts.port)
        if self._state in _ELECTING or self._state is NodeState.FAULT:
            self._ports_changed(came_up=port if port.is_up and not was_up else None, now=now)

    def _ports_changed(self, came_up: HaPort | None, now: float) -> None:
        rescored = self._rescore()
        fault = self._fault()
        if fault is not None:
            self._leave(NodeState.FAULT, fault, now)
        elif self._state is NodeState.FAULT:
            self._links_by = now + election.LINK_PATIENCE
            self._listen_again(reasons.PORTS_COMPLETE, now)
        elif self._state is NodeState.ACTIVE and rescored:
            self._assert_active(announce=came_up is not None, now=now)
        elif self._state is NodeState.BACKUP and came_up:
            self._drive(came_up, Listen(), now)

    def _rescore(self) -> bool:
        """True when the score changed: the other node has to know at once."""
        links_down = sum(not port.is_up for port in self._ports.values())
        changed = links_down != self._score.links_down
        self._score = Score(links_down, self._score.preferred)
        for port in self._ports.values():
            port.router.priority = self._score.priority
        return changed

    def _assert_active(self, announce: bool, now: float) -> None:
        """Advertise on every interface out of turn."""
        for port in self._ports.values():
            self._outbox += self._adverts(port, (port.router.advertisement(),))
        if announce:
            self._announcer.restart(now)

    def _advertisement_received(self, event: AdvertisementReceived, now: float) -> None:
        port = self._ports.get(event.port)
        if port is None:
            return
        refusal = port.refusal(event.source, event.advertisement)
        if refusal is not None:
            port.note_discard(refusal, now)
            return
        port.note_advertisement(event.source, event.advertisement, now)
        if self._state is NodeState.BACKUP:
            standing = election.standing_to_backup(event.advertisement, self._floor)
            self._drive(port, Received(event.advertisement, standing), now)
        elif self._state is NodeState.ACTIVE:
            self._heard_as_active(port, event, waited=False, now=now)

    def _heard_as_active(self, port: HaPort, event: AdvertisementReceived, waited: bool, now: float) -> None:
        advertisement = event.advertisement
        standing = election.standing_to_active(
            advertisement, self._score.priority, tuple(self._ports.values()), waited, now
        )
        answer = self._drive(port, Received(advertisement, standing), now)
        self._outbox += answer
        if standing is Standing.UNDECIDED and not waited:
            patience = min(election.TIE_PATIENCE, self._interval / 2)
            self._tie = self._tie or (event, now + patience)
            return
        self._tie = None
        match standing:
            case Standing.ACCEPTED:
                self._yield_to(port, reasons.yielded(port, event, self._score), now)
            case Standing.REFUSED if answer:
                self._announcer.restart(now)
            case _:
                pass

    def _yield_to(self, port: HaPort, reason: str, now: float) -> None:
        """The interface that heard it is Backup already; the others follow at once."""
        for other in self._ports.values():
            if other is not port:
                self._drive(other, Listen(), now)
        self._change_state(NodeState.BACKUP, reason, now)

    def _action_failed(self, action: Action, message: str, now: float) -> None:
        match action:
            case SetAddresses():
                self._book.failed(action, message, now)
            case SendAdvertisement(port) | Announce(port):
                self._send_failures[port] = message
            case StateChanged() | Remember() | HandoverEnded():
                pass

    # time

    def _protocol_deadline(self) -> float | None:
        """When the election or the next advertisement is due."""
        ports = tuple(self._ports.values())
        if self._state is NodeState.BACKUP:
            return election.takeover_time(ports, self._links_by)
        deadlines = (port.router.next_deadline for port in ports)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _overslept(self, now: float) -> bool:
        """The process stood still for so long that what it believes may be over.

        An active whose last advertisement is three intervals old may have been replaced. A backup that comes
        an interval too late may have advertisements waiting unread.
        """
        due = self._protocol_deadline()
        allowed = (2 if self._state is NodeState.ACTIVE else 1) * self._interval
        return due is not None and now - due > allowed

    def _fire_timers(self, now: float) -> None:
        if self._tie is not None and self._tie[1] <= now:
            event, _ = self._tie
            self._heard_as_active(self._ports[event.port], event, waited=True, now=now)
        if self._state is NodeState.BACKUP:
            ports = tuple(self._ports.values())
            takeover = election.takeover_time(ports, self._links_by)
            if takeover is not None and takeover <= now:
                self._become_active(reasons.takeover(ports, self._floor, now), now)
        elif self._state is NodeState.ACTIVE:
            for port in self._ports.values():
                due = port.router.next_deadline
                if due is not None and due <= now:
                    self._outbox += self._drive(port, TimerFired(), now)

    # answers

    def _drive(self, port: HaPort, event: RouterEvent, now: float) -> list[Action]:
        """One virtual router takes an event; what it sends comes back as orders."""
        return self._adverts(port, port.router.handle(event, now))

    def _adverts(self, port: HaPort, advertisements: tuple[Advertisement, ...]) -> list[Action]:
        """Orders to send, if the port can."""
        if not port.is_up:
            return []
        return [SendAdvertisement(port.name, advertisement) for advertisement in advertisements]

    def _settle(self, now: float) -> tuple[Action, ...]:
        """The answer in order: claim, addresses, announce; when leaving, addresses before the release.

        So the other node lets go before the addresses come, and takes them only when they are gone.
        """
        present = [name for name, port in self._ports.items() if port.present and self._started]
        addresses = self._book.changes(self.desired_addresses(), present, now)
        if addresses and self._state is NodeState.ACTIVE:
            self._announcer.restart(now)
        sends = [*self._outbox, *self._farewells]
        self._note_sent(sends)
        actions = (*self._outbox, *addresses, *self._farewells, *self._announce(now), *self._changes)
        self._outbox, self._farewells, self._changes = [], [], []
        return actions

    def _note_sent(self, sends: list[Action]) -> None:
        for action in sends:
            if isinstance(action, SendAdvertisement):
                self._ports[action.port].sent += 1
                self._send_failures.pop(action.port, None)

    def _announce(self, now: float) -> list[Announce]:
        if not self._announcer.is_due(now):
            return []
        self._announcer.announced(now)
        return [
            Announce(name, port.addresses)
            for name, port in self._ports.items()
            if port.is_up and not self._book.has_failed(name)
        ]
