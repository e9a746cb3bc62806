"""What may happen to the world from outside, and what can be seen of it."""

import random
from dataclasses import replace
from ipaddress import IPv4Address

from hadaemon.cluster import (
    AdvertisementReceived,
    CheckResult,
    ConnectionsReported,
    MaintenanceRequested,
    NodeState,
    Peer,
    PeerDied,
    PeerGoodbye,
    PingResult,
    ResumeRequested,
    RouteChanged,
    StateChanged,
    Stop,
    SwitchRequested,
    Tick,
)
from hadaemon.config import ClusterConfig, CountsOn
from hadaemon.vrrp import Advertisement, Centiseconds, Priority

from .agenda import Agenda
from .hotwire import NODES, Hotwire
from .intervals import Intervals
from .invariants import Watch
from .machine import UNBOUNDED, Standstill
from .network import Network
from .nodes import Nodes
from .switches import Switches


class World:
    """Runs events in order of time; `run` raises as soon as an invariant is broken."""

    def __init__(
        self,
        config: ClusterConfig,
        seed: int = 0,
        delay: float = 0.003,
        loss: float = 0.0,
        doubling: float = 0.0,
        names: tuple[str, ...] = NODES,
    ) -> None:
        self.config, self.names = config, names
        self.ports = tuple(interface.port for interface in config.ha_interfaces)
        self._agenda = agenda = Agenda(1000.0)
        self._dice = dice = random.Random(seed)
        interval = config.vrrp.advertisement_interval / 100
        self.network = Network(names, self.ports, agenda, dice, delay, loss, doubling)
        self.hotwire = None if config.hotwire is None else Hotwire(agenda, dice, delay, interval)
        self._configs = dict.fromkeys(names, config)
        self._nodes = Nodes(self._configs, names, agenda, dice, self.network, self.hotwire)
        self.machines = self._nodes.machines
        self._intervals = Intervals(agenda, names, interval)
        switches = Switches(config, self.hotwire)
        self._watch = Watch(agenda, self._nodes, self.network, self.hotwire, self._intervals, switches)
        self._busy_until = agenda.now

    def run(self, seconds: float) -> None:
        """Raises AssertionError when an invariant is broken meanwhile."""
        self._agenda.run(seconds, self._watch.until)

    # what happens to a node

    def boot(self, name: str) -> None:
        if self.machines[name].node is None:
            self._nodes.begin(self.machines[name])
            self._watch.disturbed()

    def kill(self, name: str) -> None:
        """Power lost."""
        self._nodes.end(name, keep_kernel=False)
        self._nodes.tell_carrier()
        self._watch.disturbed()

    def crash(self, name: str) -> None:
        """The daemon alone is killed; its system drops the addresses and closes the connection."""
        if self._is_awake(name):
            self._nodes.end(name, keep_kernel=True)
            self._nodes.tell_other(name, PeerDied())
            self._watch.disturbed()

    def stop(self, name: str) -> None:
        if self._is_awake(name):
            self._nodes.feed(name, Stop("shutdown"))
            self._nodes.end(name, keep_kernel=True)
            self._nodes.tell_other(name, PeerGoodbye("shutdown"))
            self._watch.disturbed()

    def restart(self, name: str, how: str, after: float) -> None:
        """`how`: "stop", "crash" or "kill"; it is started again after so many seconds."""
        getattr(self, how)(name)
        self._busy_until = max(self._busy_until, self.now + after)
        self._agenda.at(self.now + after, lambda: self.boot(name))

    def reload(self, name: str, interval: int | None = None) -> None:
        """The configuration is read again: the daemon lives, its connections begin anew. It is the same, or
        has another Advertisement_Interval, in centiseconds. That of the other node stays as it is."""
        machine = self.machines[name]
        if machine.node is None or machine.asleep:
            return
        if interval is not None:
            config = self._configs[name]
            vrrp = replace(config.vrrp, advertisement_interval=Centiseconds(interval))
            self._configs[name] = replace(config, vrrp=vrrp)
            self._intervals.change(name, interval / 100)
        served = machine.answers
        self._nodes.begin_anew(machine, machine.node)
        self._watch.disturbed()
        assert machine.answers or not served, "a configuration that was read again took away what served"

    def ask(self, name: str, request: SwitchRequested | MaintenanceRequested | ResumeRequested) -> None:
        """What the administrator does with `hactl` on that node."""
        if self._is_awake(name):
            self._nodes.feed(name, request)
            self._watch.disturbed()

    def ping(self, name: str, group: str, answered: bool) -> None:
        """All hosts of a ping group answer that node no more, or again; where they count on the active node
        alone, they answer no other."""
        found = next(one for one in self.config.ping_groups if one.name == group)
        if found.counts_on is CountsOn.ACTIVE:
            unanswered = self.machines[name].unanswered
            (unanswered.discard if answered else unanswered.add)(group)
            self._nodes.ask_hosts(name)
            self._watch.disturbed()
            return
        for _ in range(max(found.failures, found.recoveries)):
            for host in found.hosts:
                self._nodes.feed(name, PingResult(group, host, answered))
        self._watch.disturbed()

    def check(self, name: str, good: bool) -> None:
        """The first own check of that node is good, or not; where it counts on the active node alone, it is
        never good on a backup."""
        check = self.config.checks[0]
        if check.counts_on is CountsOn.ACTIVE:
            bad = self.machines[name].bad_checks
            (bad.discard if good else bad.add)(check.name)
            self._nodes.look(name)
        else:
            for _ in range(max(check.fall, check.rise)):
                self._nodes.feed(name, CheckResult(check.name, good, "" if good else "it is stuck"))
        self._watch.disturbed()

    def service(self, name: str, well: bool) -> None:
        """The first service that counts would run on that node, or would not."""
        unit = self.config.follow.services[0].unit
        bad = self.machines[name].bad_services
        (bad.discard if well else bad.add)(unit)
        self._nodes.look(name)
        self._watch.disturbed()

    def route(self, name: str, present: bool) -> None:
        """That node's kernel has the first tracked route, or has it no more."""
        route = self.config.tracked_routes[0]
        self.machines[name].routes[route] = present
        self._nodes.feed(name, RouteChanged(route, present))
        self._watch.disturbed()

    def lack(self, name: str, lacking: str) -> None:
        """What of the other node's connections that node has not yet; empty: nothing."""
        self.machines[name].lacking = lacking
        self._nodes.feed(name, ConnectionsReported(lacking))
        self._watch.disturbed()

    def jump(self, name: str, seconds: float) -> None:
        """The monotonic clock of a node jumps ahead, as after a suspended virtual machine goes on."""
        machine = self.machines[name]
        machine.clock += seconds
        if self._is_awake(name):
            self._nodes.feed(name, Tick())
            self._watch.disturbed()

    def sleep(
        self,
        name: str,
        duration: float,
        kind: Standstill = Standstill.STALL,
        room: float = UNBOUNDED,
    ) -> None:
        """Stands still for so many seconds; `room`: packets that wait meanwhile, the others are lost."""
        machine = self.machines[name]
        if machine.node is None or machine.asleep:
            return
        machine.standstill, machine.room = kind, room
        self._nodes.watch_over(machine)
        self._busy_until = max(self._busy_until, self.now + duration)
        self._watch.disturbed()

        def wake() -> None:
            if self.machines[name] is machine:
                self._watch.disturbed()
                self._intervals.count_anew()
                self._nodes.wake(machine, duration)

        self._agenda.at(self.now + duration, wake)

    # what happens between them

    def forge(self, port: str, priority: int, source: IPv4Address) -> None:
        """Somebody beside the nodes sends one advertisement of theirs, with that priority."""
        interface = next(each for each in self.config.ha_interfaces if each.port == port)
        addresses = tuple(each.ip for each in interface.virtual_addresses if each.version == 4)
        interval = self.config.vrrp.advertisement_interval
        advertisement = Advertisement(interface.vrid, Priority(priority), interval, addresses)
        for name in self.names:
            self._nodes.feed(name, AdvertisementReceived(port, source, advertisement))
        self._watch.disturbed()

    def plug(self, name: str, port: str, carrier: bool) -> None:
        if self.network.carrier[name, port] != carrier:
            self.network.carrier[name, port] = carrier
            self._nodes.feed(name, self.network.link_event(name, port))
            self._watch.disturbed()

    def tear_out(self, name: str, port: str) -> None:
        """The network card is gone, and with it the addresses on it."""
        self.network.torn.add((name, port))
        self.machines[name].kernel.pop(port, None)
        self.network.carrier[name, port] = False
        self._nodes.feed(name, self.network.link_event(name, port))
        self._watch.disturbed()

    def switch(self, port: str, works: bool) -> None:
        """The switch of that segment swallows everything, links stay up."""
        (self.network.cut.discard if works else self.network.cut.add)(port)
        self._watch.disturbed()

    def block(self, name: str, port: str, blocked: bool) -> None:
        """The switch port of one node lets nothing through, its link stays up: spanning tree."""
        (self.network.blocked.add if blocked else self.network.blocked.discard)((name, port))
        self._watch.disturbed()

    def stop_losing(self) -> None:
        self.network.loss = 0.0
        self._watch.disturbed()

    def hotwire_cable(self, whole: bool) -> None:
        """Pulled: both see the carrier go."""
        if self.hotwire is not None:
            self.hotwire.whole = whole
            self._nodes.tell_carrier()
            self._watch.disturbed()

    def hotwire_one_way(self, mute: str | None) -> None:
        """What that node says over it gets lost; None: nothing does."""
        if self.hotwire is not None:
            self.hotwire.mute = mute
            self._watch.disturbed()

    def client_asks(self, port: str) -> None:
        """By ARP. A kernel answers while it has the address, also that of a daemon that hangs."""
        have = [name for name in self.names if self._answers_on(name, port)]
        if have:
            self.network.learnt[port] = self._dice.choice(have)

    # what can be seen

    @property
    def now(self) -> float:
        return self._agenda.now

    @property
    def interval(self) -> float:
        """Advertisement_Interval in seconds; where the nodes differ, the largest by which any may wait."""
        return self._intervals.largest

    @property
    def busy(self) -> float:
        """Seconds until every machine that stands still has gone on, and every restart is over."""
        return max(0.0, self._busy_until - self.now)

    @property
    def longest_silence(self) -> float:
        """Active_Down_Interval of the worst score, in seconds."""
        return self._watch.longest_silence

    @property
    def connected(self) -> bool:
        """The nodes can hear each other by any channel that the election counts."""
        return self._watch.connected

    def answering(self) -> list[str]:
        """Who answers for the virtual addresses."""
        return self._watch.answering()

    def state(self, name: str) -> NodeState | None:
        node = self.machines[name].node
        return None if node is None else node.state

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
    def patience_left(self) -> float:
        """Seconds for which a node still waits for its first link."""
        waiting = [machine.patient_until for machine in self.machines.values() if not machine.had_link]
        return max(0.0, max(waiting, default=0.0) - self.now)

    @property
    def has_doubts(self) -> bool:
        """Some link is not proven yet."""
        nodes = [machine.node for machine in self.machines.values() if machine.node is not None]
        return any(node.unproven_ports for node in nodes)

    def _is_awake(self, name: str) -> bool:
        machine = self.machines[name]
        return machine.node is not None and not machine.asleep

    def _answers_on(self, name: str, port: str) -> bool:
        order = self.machines[name].kernel.get(port)
        held = order is not None and bool(order.addresses) and order.answering
        return held and self.network.reaches_clients(name, port)
