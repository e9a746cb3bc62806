"""A simulated world: two or three nodes, their links, switches and hotwire. It watches the invariants.

Packets go through the codec. They are lost, doubled, and delay makes them overtake each other. Each node has
a clock of its own, which may jump. A node that sleeps keeps its kernel addresses and finds everything that
came in when it wakes, as a real process does.
"""

import heapq
import itertools
import random
from collections.abc import Callable

from hadaemon.cluster import (
    Action,
    AdvertisementReceived,
    Announce,
    Event,
    HandoverEnded,
    HotwireChanged,
    MaintenanceRequested,
    Node,
    NodeState,
    Peer,
    PeerDied,
    PeerGoodbye,
    PeerReport,
    PingResult,
    PortChanged,
    Remember,
    ResumeRequested,
    SendAdvertisement,
    SetAddresses,
    Start,
    StateChanged,
    Stop,
    SwitchRequested,
    Tick,
)
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.config import ClusterConfig
from hadaemon.vrrp import IPV4_GROUP, IPV6_GROUP, TTL, decode, encode

from .hotwire import Line
from .machine import Machine
from .pair import ALPHA, BETA, node_config, own_address, own_address6

SLACK = 0.050
"""Seconds beyond the protocol's own times that the pair may take."""

GRACE = 1.0
"""Seconds beyond Active_Down_Interval until a node with all its links serves, if any such node is there."""

JITTER = 0.002
"""Seconds by which a wake-up of a healthy process comes late at most."""

NODES = (ALPHA, BETA)

HELPER = 0.05
"""Seconds until the addresses that a dead daemon left are dropped by the root helper."""


class World:
    """Runs events in order of time; `check` raises as soon as an invariant is broken."""

    def __init__(
        self,
        config: ClusterConfig,
        seed: int = 0,
        delay: float = 0.003,
        loss: float = 0.0,
        doubling: float = 0.0,
        names: tuple[str, ...] = NODES,
    ) -> None:
        self.config = config
        self.names = names
        self.ports = tuple(interface.port for interface in config.ha_interfaces)
        self.interval = config.vrrp.advertisement_interval / 100
        self.random = random.Random(seed)
        self.delay, self.loss, self.doubling = delay, loss, doubling
        self.now = 1000.0
        self.machines = {name: Machine(name, clock=self.random.uniform(0, 1e6)) for name in names}
        self.carrier = {(name, port): True for name in names for port in self.ports}
        self.torn: set[tuple[str, str]] = set()
        """Nodes and ports whose network card is gone."""
        self.cut: set[str] = set()
        self.blocked: set[tuple[str, str]] = set()
        """Nodes and ports behind a switch port that lets nothing through; the link is up."""
        self.hotwire = True
        """The cable between the two is whole."""
        self.learnt: dict[str, str] = {}
        """On each HA interface, the node that clients send to: who announced last, or answered when asked."""
        self.mute: str | None = None
        """Whose words get lost on the hotwire, while its links are up: it passes one way only."""
        self.lines = {name: Line(self.interval) for name in NODES}
        """What each of the pair sends over it."""
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._two_since: float | None = None
        self._none_since: float | None = None
        self._wronged_since: float | None = None
        if self.has_hotwire:
            self._at(self.now, self._beat)

    # what happens from outside

    def boot(self, name: str) -> None:
        machine = self.machines[name]
        if machine.node is not None:
            return
        machine.node = Node(node_config(name, self.ports), self.config, self.now + machine.clock)
        machine.powered = True
        machine.patient_until = self.now + LINK_PATIENCE
        for port in self.ports:
            self._feed(machine, self._link_event(name, port))
        self._feed(machine, Start(memory=machine.memory))
        self._tell_carrier()
        self._disturbed()

    def kill(self, name: str) -> None:
        """Power lost."""
        self._end(name, keep_kernel=False)
        self._tell_carrier()

    def crash(self, name: str) -> None:
        """The daemon alone is killed; its system drops the addresses and closes the connection."""
        if self.machines[name].node is not None and not self.machines[name].asleep:
            self._end(name, keep_kernel=True)
            self._hotwire_event(name, PeerDied())

    def stop(self, name: str) -> None:
        machine = self.machines[name]
        if machine.node is not None and not machine.asleep:
            self._feed(machine, Stop("shutdown"))
            self._end(name, keep_kernel=True)
            self._hotwire_event(name, PeerGoodbye("shutdown"))

    def plug(self, name: str, port: str, carrier: bool) -> None:
        if self.carrier[name, port] != carrier:
            self.carrier[name, port] = carrier
            self._feed(self.machines[name], self._link_event(name, port))
            self._disturbed()

    def tear_out(self, name: str, port: str) -> None:
        """The network card is gone, and with it the addresses on it."""
        self.torn.add((name, port))
        self.machines[name].kernel.pop(port, None)
        self.carrier[name, port] = False
        self._feed(self.machines[name], self._link_event(name, port))
        self._disturbed()

    def switch(self, port: str, works: bool) -> None:
        """The switch of that segment swallows everything, links stay up."""
        (self.cut.discard if works else self.cut.add)(port)
        self._disturbed()

    def block(self, name: str, port: str, blocked: bool) -> None:
        """The switch port of one node lets nothing through, its link stays up: spanning tree."""
        (self.blocked.add if blocked else self.blocked.discard)((name, port))
        self._disturbed()

    def hotwire_cable(self, whole: bool) -> None:
        """Pulled: both see the carrier go."""
        self.hotwire = whole
        self._tell_carrier()
        self._disturbed()

    def hotwire_one_way(self, mute: str | None) -> None:
        """What that node says over it gets lost; None: nothing does."""
        self.mute = mute
        self._disturbed()

    def reload(self, name: str) -> None:
        """The configuration is read again, and is the same: the daemon lives, its connections begin anew."""
        machine = self.machines[name]
        if machine.node is None or machine.asleep:
            return
        before, now = machine.node, self.now + machine.clock
        goes_on = before.state is NodeState.ACTIVE
        node = Node(node_config(name, self.ports), self.config, now, before)
        opening = [action for port in self.ports for action in node.handle(self._link_event(name, port), now)]
        opening += node.handle(Start(goes_on, machine.memory), now)
        if not goes_on or node.state is not NodeState.ACTIVE:
            for action in before.handle(Stop("reload"), now):
                self._carry_out(machine, action)
        machine.node = node
        self.lines[_other(name)].heard_at = None
        self.lines[name].last = None
        for action in opening:
            self._carry_out(machine, action)
        self._tell_carrier()
        self._feed(machine, Tick())
        self._disturbed()

    def ask(self, name: str, request: SwitchRequested | MaintenanceRequested | ResumeRequested) -> None:
        """What the administrator does with `hactl` on that node."""
        machine = self.machines[name]
        if machine.node is not None and not machine.asleep:
            self._feed(machine, request)
            self._disturbed()

    def client_asks(self, port: str) -> None:
        """By ARP. A kernel answers while it has the address, also that of a daemon that hangs."""
        have = [name for name in self.names if self._answers_on(name, port)]
        if have:
            self.learnt[port] = self.random.choice(have)

    def ping(self, name: str, group: str, answered: bool) -> None:
        """All hosts of a ping group answer that node no more, or again."""
        found = next(one for one in self.config.ping_groups if one.name == group)
        for _ in range(max(found.failures, found.recoveries)):
            for host in found.hosts:
                self._feed(self.machines[name], PingResult(group, host, answered))
        self._disturbed()

    def jump(self, name: str, seconds: float) -> None:
        """The monotonic clock of a node jumps ahead, as after a suspended virtual machine goes on."""
        machine = self.machines[name]
        machine.clock += seconds
        if machine.node is not None and not machine.asleep:
            self._feed(machine, Tick())
            self._disturbed()

    def stop_losing(self) -> None:
        self.loss = 0.0
        self._disturbed()

    def sleep(self, name: str, duration: float) -> None:
        machine = self.machines[name]
        if machine.node is None or machine.asleep:
            return
        machine.asleep = True
        node = machine.node
        self._disturbed()

        def wake() -> None:
            if machine.node is node and self.machines[name] is machine:
                machine.asleep = False
                inbox, machine.inbox = machine.inbox, []
                inbox.insert(self.random.choice((0, len(inbox))), Tick())
                self._disturbed()
                for event in inbox:
                    self._feed(machine, event)

        self._at(self.now + duration, wake)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            at, _, happen = heapq.heappop(self._queue)
            self._advance(at)
            happen()
        self._advance(end)

    # what can be seen

    def answering(self) -> list[str]:
        return [name for name, machine in self.machines.items() if machine.answers]

    def state(self, name: str) -> NodeState | None:
        node = self.machines[name].node
        return None if node is None else node.state

    def links_down(self, name: str) -> int:
        return sum(not self.carrier[name, port] for port in self.ports)

    def changes_since(self, when: float) -> list[tuple[float, StateChanged]]:
        return [
            change for machine in self.machines.values() for change in machine.changes if change[0] >= when
        ]

    def as_peer(self, name: str) -> Peer:
        """The node in its own words."""
        node = self.machines[name].node
        assert node is not None
        return node.as_peer()

    @property
    def has_hotwire(self) -> bool:
        return self.config.hotwire is not None

    @property
    def connected(self) -> bool:
        """The nodes can hear each other by any channel that the election counts."""
        return (self.has_hotwire and self.hotwire and self.mute is None) or self.sees_advertisements

    @property
    def sees_advertisements(self) -> bool:
        """The nodes can hear each other on at least one interface."""
        return any(
            port not in self.cut
            and all(self.carrier[name, port] and (name, port) not in self.blocked for name in self.names)
            for port in self.ports
        )

    @property
    def patience_left(self) -> float:
        """Seconds for which a node still waits for its first link."""
        waiting = [machine.patient_until for machine in self.machines.values() if not machine.had_link]
        return max(0.0, max(waiting, default=0.0) - self.now)

    @property
    def has_doubts(self) -> bool:
        """Some link is not proven yet."""
        nodes = [machine.node for machine in self.machines.values() if machine.node is not None]
        return any(node.unproven_ports for node in nodes)

    @property
    def longest_silence(self) -> float:
        """Active_Down_Interval of the worst score."""
        return 4 * self.interval

    # how it works

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._numbers), happen))

    def _link_event(self, name: str, port: str) -> PortChanged:
        if (name, port) in self.torn:
            return PortChanged(port, False, False, None)
        carrier = self.carrier[name, port]
        return PortChanged(port, True, carrier, own_address(name, port), own_address6(name, port))

    def _end(self, name: str, keep_kernel: bool) -> None:
        """A machine without its daemon: only what is on disk is left, and in the kernel for a moment."""
        old = self.machines[name]
        new = Machine(name, changes=old.changes, results=old.results, memory=old.memory, clock=old.clock)
        new.powered = keep_kernel
        self.machines[name] = new
        if keep_kernel:
            new.kernel = old.kernel
            self._at(self.now + HELPER, lambda: new.kernel.clear() if new.node is None else None)
        self._disturbed()

    # the hotwire

    def _beat(self) -> None:
        """Heartbeats, and the silence that a node notices."""
        for name in NODES:
            self._say(name)
            line, listener = self.lines[name], self.machines[_other(name)]
            if line.is_silent(self.now) and not listener.asleep:
                line.heard_at = None
                self._feed(listener, PeerReport(None))
        self._at(self.now + self.lines[ALPHA].heartbeat / 2, self._beat)

    def _say(self, name: str) -> None:
        machine, line = self.machines[name], self.lines[name]
        if machine.node is None or machine.asleep:
            return
        peer = machine.node.as_peer()
        if line.is_news(peer, self.now):
            line.last, line.said_at = peer, self.now
            self._hotwire_event(name, PeerReport(peer))

    def _hotwire_event(self, sender: str, event: Event) -> None:
        """In order, as over a connection."""
        if not self.has_hotwire or not self.hotwire or sender not in NODES or sender == self.mute:
            return
        line = self.lines[sender]
        receiver = _other(sender)

        def arrive() -> None:
            if self.hotwire:
                line.heard_at = self.now if isinstance(event, PeerReport) else None
                self._feed(self.machines[receiver], event)

        line.arrives = max(line.arrives + 1e-6, self.now + self.random.uniform(0, self.delay))
        self._at(line.arrives, arrive)

    def _tell_carrier(self) -> None:
        """A node without power takes the carrier from the other."""
        powered = all(self.machines[name].powered for name in NODES)
        for name in NODES if self.has_hotwire else ():
            self._feed(self.machines[name], HotwireChanged(self.hotwire and powered))

    def _feed(self, machine: Machine, event: Event) -> None:
        if machine.node is None:
            return
        if machine.asleep:
            machine.inbox.append(event)
            return
        machine.had_link = machine.had_link or (isinstance(event, PortChanged) and event.carrier)
        if machine.node.is_old_news(event, self.now + machine.clock):
            return
        for action in machine.node.handle(event, self.now + machine.clock):
            self._carry_out(machine, action)
        machine.started = machine.started or isinstance(event, Start)
        for port, addresses in machine.node.desired_addresses().items() if machine.started else ():
            if (machine.name, port) in self.torn:
                continue
            kernel = machine.kernel.get(port)
            assert (kernel.addresses if kernel else frozenset()) == addresses, "orders and desire differ"
        self._set_alarm(machine)
        if self.has_hotwire and machine.name in NODES:
            self._say(machine.name)

    def _set_alarm(self, machine: Machine) -> None:
        assert machine.node is not None
        machine.alarm += 1
        number, due = machine.alarm, machine.node.next_deadline
        if due is None:
            return
        due -= machine.clock

        def ring() -> None:
            if machine.alarm == number and self.machines[machine.name] is machine:
                self._feed(machine, Tick())

        self._at(max(due, self.now) + self.random.uniform(0, JITTER), ring)

    def _carry_out(self, machine: Machine, action: Action) -> None:
        match action:
            case SetAddresses(port):
                machine.kernel[port] = action
            case SendAdvertisement():
                self._transmit(machine, action)
            case StateChanged():
                machine.changes.append((self.now, action))
            case Remember(memory):
                machine.memory = memory
            case HandoverEnded():
                machine.results.append(action)
            case Announce(port) if self._reaches_clients(machine.name, port):
                self.learnt[port] = machine.name
            case _:
                pass

    def _transmit(self, machine: Machine, action: SendAdvertisement) -> None:
        four = action.advertisement.family == 4
        source = (own_address if four else own_address6)(machine.name, action.port)
        group = IPV4_GROUP if four else IPV6_GROUP
        packet = encode(action.advertisement, source, group, self.config.vrrp.checksum)
        for name in self.names:
            if name == machine.name:
                continue
            for _ in range(1 + (self.random.random() < self.doubling)):
                if self._passes(machine.name, name, action.port):
                    advertisement = decode(packet, source, group, TTL)
                    self._deliver(name, AdvertisementReceived(action.port, source, advertisement))

    def _deliver(self, name: str, event: AdvertisementReceived) -> None:
        def arrive() -> None:
            if self.carrier[name, event.port]:
                self._feed(self.machines[name], event)

        self._at(self.now + self.random.uniform(0, self.delay), arrive)

    def _reaches_clients(self, name: str, port: str) -> bool:
        whole = self.carrier[name, port] and port not in self.cut
        return whole and (name, port) not in self.blocked and self.random.random() >= self.loss

    def _answers_on(self, name: str, port: str) -> bool:
        order = self.machines[name].kernel.get(port)
        held = order is not None and bool(order.addresses) and order.answering
        return held and self._reaches_clients(name, port)

    def _passes(self, sender: str, receiver: str, port: str) -> bool:
        whole = self.carrier[sender, port] and self.carrier[receiver, port] and port not in self.cut
        lets_through = not self.blocked & {(sender, port), (receiver, port)}
        return whole and lets_through and self.random.random() >= self.loss

    def _disturbed(self) -> None:
        """Something changed from outside: the pair's time to settle begins anew."""
        self._two_since = self._none_since = self._wronged_since = None

    def _advance(self, to: float) -> None:
        """Nothing changes between two events: so the invariants are checked for the whole span."""
        self._two_since = self._held(self._two_are_wrong(), self._two_since)
        self._none_since = self._held(self._none_is_wrong(), self._none_since)
        self._wronged_since = self._held(self._a_whole_one_waits(), self._wronged_since)
        self.now = to
        if self._two_since is not None and self.loss == 0:
            assert to - self._two_since <= self.interval + SLACK, "two answer for the virtual addresses"
        if self._none_since is not None:
            assert to - self._none_since <= self.longest_silence + SLACK, "nobody answers"
        if self._wronged_since is not None and self.loss == 0:
            waited = to - self._wronged_since
            assert waited <= self.longest_silence + GRACE, (
                "a node with all its links waits, and none such serves"
            )

    def _held(self, wrong: bool, since: float | None) -> float | None:
        return (self.now if since is None else since) if wrong else None

    def _two_are_wrong(self) -> bool:
        machines = self.machines.values()
        awake = all(machine.takes_part and not machine.asleep for machine in machines)
        return awake and self.connected and sum(machine.answers for machine in machines) > 1

    def _none_is_wrong(self) -> bool:
        able = any(machine.must_serve(self.now) for machine in self.machines.values())
        return able and not self.answering()

    def is_whole(self, name: str) -> bool:
        """It has all its links, as far as it can know, and every right to serve."""
        machine = self.machines[name]
        if not machine.must_serve(self.now) or machine.node is None:
            return False
        own = machine.node.as_peer()
        linked = all(self.carrier[name, port] for port in self.ports)
        return linked and own.links_down == own.failed_groups == 0

    def _a_whole_one_waits(self) -> bool:
        """One that serves need not prove its links."""
        whole = {name for name in self.names if self.is_whole(name)}
        nodes = (self.machines[name].node for name in whole)
        proven = any(node is not None and not node.unproven_ports for node in nodes)
        return proven and not whole & set(self.answering())


def _other(name: str) -> str:
    return BETA if name == ALPHA else ALPHA
