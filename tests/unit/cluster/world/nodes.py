"""The machines of the world, and how the node of each lives: what it is fed, what becomes of its orders."""

import random
from collections.abc import Mapping

from hadaemon.cluster import (
    Action,
    Announce,
    CheckResult,
    ConnectionsReported,
    Event,
    GuardActed,
    HandoverEnded,
    HotwireChanged,
    Node,
    NodeState,
    PeerReport,
    PingResult,
    PortChanged,
    Remember,
    RouteChanged,
    SendAdvertisement,
    ServiceSeen,
    SetAddresses,
    Start,
    StateChanged,
    Stop,
    Tick,
)
from hadaemon.cluster.election import LINK_PATIENCE
from hadaemon.config import ClusterConfig, CountsOn
from tests.unit.cluster.pair import node_config

from .agenda import Agenda
from .hotwire import NODES, Hotwire, other
from .machine import Machine, Standstill
from .network import Network

JITTER = 0.002
"""Seconds by which a wake-up of a healthy process comes late at most."""

GUARD = 0.002
"""Seconds by which a guard is late."""

HELPER = 0.05
"""Seconds until the addresses that a dead daemon left are dropped by the root helper."""

SERVICE_FAILS = 0.6
"""Seconds after which it is clear whether a service runs on a node that has become active."""


class Nodes:
    """By name."""

    def __init__(
        self,
        configs: Mapping[str, ClusterConfig],
        names: tuple[str, ...],
        agenda: Agenda,
        dice: random.Random,
        network: Network,
        hotwire: Hotwire | None,
    ) -> None:
        """`configs`: what each node reads when it starts, and when it reads its configuration again."""
        self._configs = configs
        self._agenda, self._dice, self._network, self._hotwire = agenda, dice, network, hotwire
        self.machines = {name: Machine(name, clock=dice.uniform(0, 1e6)) for name in names}
        if hotwire is not None:
            agenda.at(agenda.now, self._beat)

    # lives

    def begin(self, machine: Machine) -> None:
        """Its daemon starts, on a machine that may have been without power."""
        now = self._agenda.now
        machine.node = self._new_node(machine, None)
        machine.words = machine.node.as_peer()
        machine.powered = True
        machine.patient_until = now + LINK_PATIENCE
        for port in self._network.ports:
            self.feed(machine.name, self._network.link_event(machine.name, port))
        self.feed(machine.name, ConnectionsReported(machine.lacking))
        self.feed(machine.name, Start(memory=machine.memory))
        for route, present in machine.routes.items():
            self.feed(machine.name, RouteChanged(route, present))
        self.ask_hosts(machine.name)
        self.tell_carrier()

    def begin_anew(self, machine: Machine, before: Node) -> None:
        """The configuration is read again."""
        name, now = machine.name, self._agenda.now + machine.clock
        goes_on = before.state is NodeState.ACTIVE
        node = self._new_node(machine, before)
        links = [self._network.link_event(name, port) for port in self._network.ports]
        events = (*links, ConnectionsReported(machine.lacking), Start(goes_on, machine.memory))
        opening = [action for event in events for action in node.handle(event, now)]
        machine.node, machine.words = node, node.as_peer()
        if not (goes_on and node.state is NodeState.ACTIVE):
            opening = [*before.handle(Stop("reload"), now), *opening]
        if self._hotwire is not None:
            self._hotwire.connect_anew(name)
        for action in opening:
            self._carry_out(machine, action)
        self.tell_carrier()
        self.feed(name, Tick())

    def end(self, name: str, keep_kernel: bool) -> None:
        """A machine without its daemon: only what is on disk is left, and in the kernel for a moment."""
        old = self.machines[name]
        new = Machine(name, changes=old.changes, results=old.results, memory=old.memory, clock=old.clock)
        new.powered, new.lacking, new.routes = keep_kernel, old.lacking, old.routes
        new.unanswered = old.unanswered
        self.machines[name] = new
        if keep_kernel:
            new.kernel = old.kernel
            self._agenda.at(
                self._agenda.now + HELPER, lambda: new.kernel.clear() if new.node is None else None
            )

    def watch_over(self, machine: Machine) -> None:
        """The guard of a daemon that stands still from now on: it runs, and sees the same clock."""
        if machine.silent_at is None:
            return

        def act() -> None:
            if machine.standstill is Standstill.STALL and self.machines[machine.name] is machine:
                machine.kernel.clear()
                machine.inbox.append(GuardActed())

        self._agenda.at(max(self._agenda.now, machine.silent_at - machine.clock) + GUARD, act)

    def wake(self, machine: Machine, slept: float) -> None:
        """It takes in what has come meanwhile, its timer first or last. Where no clock has moved, the timer
        cannot know that it is late: what has come is read before it (`daemon/engine.py`)."""
        paused = machine.standstill is Standstill.PAUSED
        machine.standstill = None
        inbox, machine.inbox = machine.inbox, []
        inbox.insert(len(inbox) if paused else self._dice.choice((0, len(inbox))), Tick())
        if paused:
            machine.clock -= slept
            if self._hotwire is not None and machine.name in NODES:
                self._hotwire.stood_still(machine.name, slept)
        for event in inbox:
            self.feed(machine.name, event)

    # what comes in

    def feed(self, name: str, event: Event) -> bool:
        """A node without power hears nothing; one that stands still finds it when it goes on, if there is
        room. False: the event is lost."""
        machine = self.machines[name]
        if machine.node is None:
            return False
        if machine.asleep:
            return machine.leave_unread(event)
        machine.had_link = machine.had_link or (isinstance(event, PortChanged) and event.carrier)
        now = self._agenda.now + machine.clock
        if machine.node.is_old_news(event, now):
            return True
        for action in machine.node.handle(event, now):
            self._carry_out(machine, action)
        machine.silent_at = machine.node.silent_at
        assert (machine.silent_at is not None) == any(machine.node.desired_addresses().values()), (
            "its guard does not know whether it has addresses"
        )
        machine.started = machine.started or isinstance(event, Start)
        if machine.started:
            self._assert_orders_are_desires(machine, machine.node)
        self._set_alarm(machine, machine.node)
        machine.words = machine.node.as_peer()
        self._say(name)
        return True

    def ask_hosts(self, name: str) -> None:
        """Of the ping groups that count on the active node alone: as often as it takes to be sure."""
        machine = self.machines[name]
        for group in self._configs[name].ping_groups if machine.node is not None else ():
            if group.counts_on is not CountsOn.ACTIVE:
                continue
            answered = machine.answers and group.name not in machine.unanswered
            for _ in range(max(group.failures, group.recoveries)):
                for host in group.hosts:
                    self.feed(name, PingResult(group.name, host, answered))

    def look(self, name: str) -> None:
        """At the own checks and services that count on the active node alone: as often as it takes to be
        sure."""
        machine = self.machines[name]
        for check in self._configs[name].checks if machine.node is not None else ():
            if check.counts_on is CountsOn.ACTIVE:
                good = machine.answers and check.name not in machine.bad_checks
                for _ in range(max(check.fall, check.rise)):
                    self.feed(name, CheckResult(check.name, good, "" if good else "it is stuck"))

        for service in self._configs[name].follow.services if machine.node is not None else ():
            if service.counts and machine.answers:
                self.feed(name, ServiceSeen(service.unit, service.unit not in machine.bad_services))

    def _ask_hosts_later(self, machine: Machine) -> None:
        def ask() -> None:
            if self.machines[machine.name] is machine:
                self.ask_hosts(machine.name)
                self.look(machine.name)

        config = self._configs[machine.name]
        times = [group.failures * group.interval for group in config.ping_groups]
        times += [check.fall * check.interval for check in config.checks]
        for time in (*times, *(SERVICE_FAILS for _ in config.follow.services)):
            self._agenda.at(self._agenda.now + time, ask)

    def tell_carrier(self) -> None:
        """A node without power takes the carrier of the hotwire from the other."""
        if self._hotwire is None:
            return
        powered = all(self.machines[name].powered for name in NODES)
        for name in NODES:
            self.feed(name, HotwireChanged(self._hotwire.whole and powered))

    def tell_other(self, name: str, event: Event) -> None:
        """Over the hotwire."""
        if self._hotwire is not None:
            self._hotwire.send(name, event, self.feed)

    def _beat(self) -> None:
        """Heartbeats, and the silence that a node notices."""
        assert self._hotwire is not None
        for name in NODES:
            self._say(name)
            listener = other(name)
            if not self.machines[listener].asleep and self._hotwire.notices_silence(listener):
                self.feed(listener, PeerReport(None))
        self._agenda.at(self._agenda.now + self._hotwire.heartbeat / 2, self._beat)

    def _say(self, name: str) -> None:
        machine = self.machines[name]
        if self._hotwire is not None and name in NODES and machine.words is not None and not machine.asleep:
            self._hotwire.say(machine.words, self.feed)

    def _set_alarm(self, machine: Machine, node: Node) -> None:
        machine.alarm += 1
        number, due = machine.alarm, node.next_deadline
        if due is None:
            return
        due -= machine.clock

        def ring() -> None:
            if machine.alarm == number and self.machines[machine.name] is machine:
                self.feed(machine.name, Tick())

        self._agenda.at(max(due, self._agenda.now) + self._dice.uniform(0, JITTER), ring)

    def _assert_orders_are_desires(self, machine: Machine, node: Node) -> None:
        for port, addresses in node.desired_addresses().items():
            if (machine.name, port) not in self._network.torn:
                kernel = machine.kernel.get(port)
                assert (kernel.addresses if kernel else frozenset()) == addresses, "orders and desire differ"

    def _new_node(self, machine: Machine, before: Node | None) -> Node:
        node = node_config(machine.name, self._network.ports)
        return Node(node, self._configs[machine.name], self._agenda.now + machine.clock, before)

    # what goes out

    def _carry_out(self, machine: Machine, action: Action) -> None:
        match action:
            case SetAddresses(port):
                machine.kernel[port] = action
            case SendAdvertisement():
                checksum = self._configs[machine.name].vrrp.checksum
                self._network.transmit(machine.name, action, checksum, self.feed)
            case StateChanged():
                machine.changes.append((self._agenda.now, action))
                self._ask_hosts_later(machine)
            case Remember(memory):
                machine.memory = memory
            case HandoverEnded():
                machine.results.append(action)
            case Announce(port) if self._network.reaches_clients(machine.name, port):
                self._network.learnt[port] = machine.name
            case _:
                pass
