"""Whether a node that takes over from another one has a reason to, long after anything happened."""

from hadaemon.cluster import NodeState
from hadaemon.cluster.witness import WitnessState
from hadaemon.config import ClusterConfig

from .hotwire import Hotwire
from .machine import Machine


class Switches:
    """What each machine did last; times are the world's seconds."""

    def __init__(self, config: ClusterConfig, hotwire: Hotwire | None) -> None:
        self._vrrp, self._hotwire = config.vrrp, hotwire
        self._seen: dict[str, int] = {}
        self._backup_since: dict[str, float] = {}

    def has_changed(self, machine: Machine) -> bool:
        """Since it was noted last."""
        return len(machine.changes) > self._seen.get(machine.name, 0)

    def note(self, machine: Machine, others: list[Machine], late: bool) -> None:
        """What it did since the last time. `others`: who answers too, and can be heard; `late`: nothing has
        happened to the pair for so long that all it had to do at once is done.

        Raises AssertionError.
        """
        first = self._seen.get(machine.name, 0)
        self._seen[machine.name] = len(machine.changes)
        for number, (when, change) in enumerate(machine.changes[first:], start=first):
            if change.new is NodeState.BACKUP and not _goes_on(machine, number):
                self._backup_since[machine.name] = when
            elif change.new is NodeState.ACTIVE and late:
                for other in others:
                    assert self._has_reason(machine, other, when), "a switch that nothing justifies"

    def _has_reason(self, machine: Machine, other: Machine, now: float) -> bool:
        own, theirs = machine.words, other.words
        if own is None or theirs is None or theirs.state is not NodeState.ACTIVE:
            return True
        faults = own.failed_groups + own.unproven, theirs.failed_groups + theirs.unproven
        if (own.links_down, faults[0]) != (theirs.links_down, faults[1]):
            return (own.links_down, faults[0]) < (theirs.links_down, faults[1])
        may = self._vrrp.preempt and own.preferred and not theirs.preferred and not own.suspended
        waited = now - self._backup_since.get(machine.name, now)
        return may and self._can_ask(machine, now) and waited >= self._vrrp.preempt_delay

    def _can_ask(self, machine: Machine, now: float) -> bool:
        """Or need not: who has never heard the other node over the hotwire does without one."""
        witness = machine.node and machine.node.status(now + machine.clock).hotwire
        if self._hotwire is None or not witness or witness.state == WitnessState.NEVER:
            return True
        return self._hotwire.passes_both_ways


def _goes_on(machine: Machine, number: int) -> bool:
    """It was backup up to now, and has only read its configuration again: its delays go on."""
    (before_at, before), (when, change) = machine.changes[max(0, number - 1)], machine.changes[number]
    left = before.old is NodeState.BACKUP and before.new is change.old is NodeState.OFF
    return left and before_at == when
