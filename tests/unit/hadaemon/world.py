"""A simulated world: two nodes, their links and switches, one clock. It watches the invariants throughout.

Packets go through the codec. Delay makes them overtake each other. A node that sleeps keeps its kernel
addresses and finds everything that came in when it wakes, as a real process does.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

from hadaemon.cluster import (
    Action,
    AdvertisementReceived,
    Event,
    Node,
    NodeState,
    PortChanged,
    SendAdvertisement,
    SetAddresses,
    Start,
    StateChanged,
    Stop,
    Tick,
)
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.config import ClusterConfig
from hadaemon.vrrp import IPV4_GROUP, TTL, decode, encode

from .pair import ALPHA, BETA, node_config, own_address

SLACK = 0.050
"""Seconds beyond the protocol's own times that the pair may take."""

JITTER = 0.002
"""Seconds by which a wake-up of a healthy process comes late at most."""

NODES = (ALPHA, BETA)


@dataclass
class Machine:
    """One node as the world sees it."""

    name: str
    node: Node | None = None
    asleep: bool = False
    inbox: list[Event] = field(default_factory=list)
    kernel: dict[str, frozenset[IPv4Interface]] = field(default_factory=dict)
    changes: list[tuple[float, StateChanged]] = field(default_factory=list)
    alarm: int = 0
    """Number of the wake-up that counts; earlier ones are stale."""
    patient_until: float = 0.0
    """Until then a node that never had a link need not take over."""
    had_link: bool = False

    @property
    def answers(self) -> bool:
        """For any virtual address: it is what "active" means on the wire."""
        return any(self.kernel.values())

    @property
    def takes_part(self) -> bool:
        return self.node is not None and self.node.state in (NodeState.ACTIVE, NodeState.BACKUP)

    def must_serve(self, now: float) -> bool:
        """If nobody else is active, it has to be."""
        return self.takes_part and not self.asleep and (self.had_link or now >= self.patient_until)


class World:
    """Runs events in order of time; `check` raises as soon as an invariant is broken."""

    def __init__(self, config: ClusterConfig, seed: int = 0, delay: float = 0.003, loss: float = 0.0) -> None:
        self.config = config
        self.ports = tuple(interface.port for interface in config.ha_interfaces)
        self.interval = config.vrrp.advertisement_interval / 100
        self.random = random.Random(seed)
        self.delay, self.loss = delay, loss
        self.now = 1000.0
        self.machines = {name: Machine(name) for name in NODES}
        self.carrier = {(name, port): True for name in NODES for port in self.ports}
        self.cut: set[str] = set()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._two_since: float | None = None
        self._none_since: float | None = None

    # what happens from outside

    def boot(self, name: str) -> None:
        machine = self.machines[name]
        if machine.node is not None:
            return
        machine.node = Node(node_config(name, self.ports), self.config, self.now)
        machine.patient_until = self.now + LINK_PATIENCE
        for port in self.ports:
            self._feed(machine, self._link_event(name, port))
        self._feed(machine, Start())
        self._disturbed()

    def kill(self, name: str) -> None:
        """Power lost."""
        self.machines[name] = Machine(name, changes=self.machines[name].changes)
        self._disturbed()

    def stop(self, name: str) -> None:
        machine = self.machines[name]
        if machine.node is not None and not machine.asleep:
            self._feed(machine, Stop("shutdown"))
            self.kill(name)

    def plug(self, name: str, port: str, carrier: bool) -> None:
        if self.carrier[name, port] != carrier:
            self.carrier[name, port] = carrier
            self._feed(self.machines[name], self._link_event(name, port))
            self._disturbed()

    def switch(self, port: str, works: bool) -> None:
        """The switch of that segment swallows everything, links stay up."""
        (self.cut.discard if works else self.cut.add)(port)
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

    @property
    def connected(self) -> bool:
        """The nodes can hear each other on at least one interface."""
        return any(
            port not in self.cut and all(self.carrier[name, port] for name in NODES) for port in self.ports
        )

    @property
    def longest_silence(self) -> float:
        """Active_Down_Interval of the worst score."""
        return 4 * self.interval

    # how it works

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._numbers), happen))

    def _link_event(self, name: str, port: str) -> PortChanged:
        return PortChanged(port, True, self.carrier[name, port], own_address(name, port))

    def _feed(self, machine: Machine, event: Event) -> None:
        if machine.node is None:
            return
        if machine.asleep:
            machine.inbox.append(event)
            return
        machine.had_link = machine.had_link or (isinstance(event, PortChanged) and event.carrier)
        for action in machine.node.handle(event, self.now):
            self._carry_out(machine, action)
        for port, addresses in machine.node.desired_addresses().items():
            assert machine.kernel.get(port, frozenset()) == addresses, "orders and desire differ"
        self._set_alarm(machine)

    def _set_alarm(self, machine: Machine) -> None:
        assert machine.node is not None
        machine.alarm += 1
        number, due = machine.alarm, machine.node.next_deadline
        if due is None:
            return

        def ring() -> None:
            if machine.alarm == number and self.machines[machine.name] is machine:
                self._feed(machine, Tick())

        self._at(max(due, self.now) + self.random.uniform(0, JITTER), ring)

    def _carry_out(self, machine: Machine, action: Action) -> None:
        match action:
            case SetAddresses(port, addresses, answering):
                machine.kernel[port] = addresses
                machine.answering = answering
            case SendAdvertisement():
                self._transmit(machine, action)
            case StateChanged():
                machine.changes.append((self.now, action))
            case _:
                pass

    def _transmit(self, machine: Machine, action: SendAdvertisement) -> None:
        source = own_address(machine.name, action.port)
        packet = encode(action.advertisement, source, IPV4_GROUP, self.config.vrrp.checksum)
        for name in NODES:
            if name != machine.name and self._passes(machine.name, name, action.port):
                event = AdvertisementReceived(action.port, source, decode(packet, source, IPV4_GROUP, TTL))
                self._deliver(name, event)

    def _deliver(self, name: str, event: AdvertisementReceived) -> None:
        def arrive() -> None:
            if self.carrier[name, event.port]:
                self._feed(self.machines[name], event)

        self._at(self.now + self.random.uniform(0, self.delay), arrive)

    def _passes(self, sender: str, receiver: str, port: str) -> bool:
        whole = self.carrier[sender, port] and self.carrier[receiver, port] and port not in self.cut
        return whole and self.random.random() >= self.loss

    def _disturbed(self) -> None:
        """Something changed from outside: the pair's time to settle begins anew."""
        self._two_since = self._none_since = None

    def _advance(self, to: float) -> None:
        """Nothing changes between two events: so the invariants are checked for the whole span."""
        self._two_since = self._held(self._two_are_wrong(), self._two_since)
        self._none_since = self._held(self._none_is_wrong(), self._none_since)
        self.now = to
        if self._two_since is not None and self.loss == 0:
            assert to - self._two_since <= self.interval + SLACK, "two answer for the virtual addresses"
        if self._none_since is not None:
            assert to - self._none_since <= self.longest_silence + SLACK, "nobody answers"

    def _held(self, wrong: bool, since: float | None) -> float | None:
        return (self.now if since is None else since) if wrong else None

    def _two_are_wrong(self) -> bool:
        machines = self.machines.values()
        awake = all(machine.takes_part and not machine.asleep for machine in machines)
        return awake and self.connected and all(machine.answers for machine in machines)

    def _none_is_wrong(self) -> bool:
        able = any(machine.must_serve(self.now) for machine in self.machines.values())
        return able and not self.answering()
