"""What must hold at every moment, however the world is disturbed: watched while time goes on.

Whoever disturbs the world gives the pair its time anew.
"""

from .agenda import Agenda
from .hotwire import Hotwire
from .intervals import LONGEST_WAIT, Intervals
from .machine import Machine
from .network import Network
from .nodes import Nodes
from .switches import Switches

SLACK = 0.050
"""Seconds beyond the protocol's own times that the pair may take."""

BY_GUARD = 2
"""Advertisement intervals for which two may answer while a daemon stands still: the other node may take it
for dead one and a half after its last word (the hotwire is cut), and its guard waits for three."""

GRACE = 1.0
"""Seconds beyond Active_Down_Interval until a node with all its links serves, if any such node is there."""


class Watch:
    """Since when something is wrong, and whether that is too long; times are the world's seconds."""

    def __init__(
        self,
        agenda: Agenda,
        nodes: Nodes,
        network: Network,
        hotwire: Hotwire | None,
        intervals: Intervals,
        switches: Switches,
    ) -> None:
        self._agenda, self._nodes, self._network, self._hotwire = agenda, nodes, network, hotwire
        self._intervals = intervals
        self._switches = switches
        self._disturbed_at = agenda.now
        self._two_since: float | None = None
        self._none_since: float | None = None
        self._wronged_since: float | None = None

    @property
    def longest_silence(self) -> float:
        """Active_Down_Interval of the worst score, by the largest interval that counts."""
        return LONGEST_WAIT * self._intervals.largest

    @property
    def connected(self) -> bool:
        """The nodes can hear each other by any channel that the election counts."""
        by_hotwire = self._hotwire is not None and self._hotwire.passes_both_ways
        return by_hotwire or self._network.sees_advertisements

    def answering(self) -> list[str]:
        """Who answers for the virtual addresses."""
        return [name for name, machine in self._nodes.machines.items() if machine.answers]

    def disturbed(self) -> None:
        """Something changed from outside: the pair's time to settle begins anew."""
        self._disturbed_at = self._agenda.now
        self._two_since = self._none_since = self._wronged_since = None

    def until(self, to: float) -> None:
        """Nothing changes between two events: so the invariants are checked for the whole span.

        Raises AssertionError as soon as one is broken.
        """
        answering = self.answering()
        largest = self._intervals.largest
        lossless = self._network.loss == 0
        if lossless:
            self._note_switches(answering)
        self._two_since = self._held(self._two_are_wrong(answering), self._two_since)
        self._none_since = self._held(self._none_is_wrong(answering), self._none_since)
        self._wronged_since = self._held(self._a_whole_one_waits(answering), self._wronged_since)
        if self._two_since is not None and lossless:
            asleep = any(machine.asleep for machine in self._nodes.machines.values())
            allowed = BY_GUARD * largest if asleep else largest
            assert to - self._two_since <= allowed + SLACK, "two answer for the virtual addresses"
        if self._none_since is not None:
            assert to - self._none_since <= LONGEST_WAIT * largest + SLACK, "nobody answers"
        if self._wronged_since is not None and lossless:
            assert to - self._wronged_since <= LONGEST_WAIT * largest + GRACE, (
                "a node with all its links waits, and none such serves"
            )

    def _note_switches(self, answering: list[str]) -> None:
        machines = self._nodes.machines
        for machine in machines.values():
            if not self._switches.has_changed(machine):
                continue
            others = [machines[name] for name in answering if name != machine.name]
            heard = [other for other in others if self.connected and not other.asleep]
            late = self._agenda.now - self._disturbed_at > self.longest_silence + GRACE
            self._switches.note(machine, heard, late)

    def _held(self, wrong: bool, since: float | None) -> float | None:
        return (self._agenda.now if since is None else since) if wrong else None

    def _two_are_wrong(self, answering: list[str]) -> bool:
        if len(answering) < 2:
            return False
        machines = self._nodes.machines.values()
        return all(machine.takes_part for machine in machines) and self.connected

    def _none_is_wrong(self, answering: list[str]) -> bool:
        machines = self._nodes.machines.values()
        return not answering and any(machine.must_serve(self._agenda.now) for machine in machines)

    def _is_whole(self, machine: Machine) -> bool:
        """It has all its links, as far as it can know, and every right to serve."""
        if self._network.links_down(machine.name) or not machine.must_serve(self._agenda.now):
            return False
        own = machine.words
        return own is not None and own.links_down == own.failed_groups == 0

    def _a_whole_one_waits(self, answering: list[str]) -> bool:
        """One that serves need not prove its links."""
        machines = self._nodes.machines
        if any(self._is_whole(machines[name]) for name in answering):
            return False
        waiting = [machine for name, machine in machines.items() if name not in answering]
        proven = (one for one in waiting if one.node is not None and not one.node.unproven_ports)
        return any(self._is_whole(one) for one in proven)
