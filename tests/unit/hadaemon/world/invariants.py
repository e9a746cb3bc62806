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
        self._two_since = self._held(self._two_are_wrong(), self._two_since)
        self._none_since = self._held(self._none_is_wrong(), self._none_since)
        self._wronged_since = self._held(self._a_whole_one_waits(), self._wronged_since)
        lossless = self._network.loss == 0
        for machine in self._nodes.machines.values() if lossless else ():
            self._switches.note(machine, self._rivals_of(machine), self._is_late())
        if self._two_since is not None and lossless:
            assert to - self._two_since <= self._intervals.largest + SLACK, (
                "two answer for the virtual addresses"
            )
        if self._none_since is not None:
            assert to - self._none_since <= self.longest_silence + SLACK, "nobody answers"
        if self._wronged_since is not None and lossless:
            assert to - self._wronged_since <= self.longest_silence + GRACE, (
                "a node with all its links waits, and none such serves"
            )

    def _is_late(self) -> bool:
        return self._agenda.now - self._disturbed_at > self.longest_silence + GRACE

    def _rivals_of(self, machine: Machine) -> list[Machine]:
        if not self.connected:
            return []
        others = (other for other in self._nodes.machines.values() if other is not machine)
        return [other for other in others if other.answers and not other.asleep]

    def _held(self, wrong: bool, since: float | None) -> float | None:
        return (self._agenda.now if since is None else since) if wrong else None

    def _two_are_wrong(self) -> bool:
        machines = self._nodes.machines.values()
        awake = all(machine.takes_part and not machine.asleep for machine in machines)
        return awake and self.connected and len(self.answering()) > 1

    def _none_is_wrong(self) -> bool:
        able = any(machine.must_serve(self._agenda.now) for machine in self._nodes.machines.values())
        return able and not self.answering()

    def _is_whole(self, machine: Machine) -> bool:
        """It has all its links, as far as it can know, and every right to serve."""
        if not machine.must_serve(self._agenda.now) or machine.node is None:
            return False
        own = machine.node.as_peer()
        return self._network.links_down(machine.name) == own.links_down == own.failed_groups == 0

    def _a_whole_one_waits(self) -> bool:
        """One that serves need not prove its links."""
        whole = [machine for machine in self._nodes.machines.values() if self._is_whole(machine)]
        proven = any(machine.node is not None and not machine.node.unproven_ports for machine in whole)
        return proven and not any(machine.answers for machine in whole)
