"""What is looked at again and again, in groups: a member fails after several failures in a row, a group when
all its members do.

A group that counts on the active node alone is a fault by the rule of `hadaemon.cluster.blame`: what a node
found as backup says nothing, and once it is active it begins to look anew. All times are monotonic seconds.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from hadaemon.cluster.blame import Blame
from hadaemon.config.check_model import CountsOn


@dataclass(frozen=True, slots=True)
class Group:
    """When one of them is a fault."""

    members: tuple[Hashable, ...]
    failures: int
    """In a row, after which a member has failed."""
    recoveries: int
    """Successes in a row, after which a failed member is back."""
    counts_on: CountsOn


class Counted:
    """Counts results. A member of which nothing is known yet has not failed."""

    def __init__(self, groups: Mapping[str, Group]) -> None:
        self._groups = groups
        self._failed: set[tuple[str, Hashable]] = set()
        self._streaks: dict[tuple[str, Hashable], int] = {}
        """Results in a row that contradict the present verdict."""
        self._lone = [name for name, group in groups.items() if group.counts_on is CountsOn.ACTIVE]
        # The results that may be bad are patience enough.
        self.blame = Blame(dict.fromkeys(self._lone, 0.0))
        """Of the groups that count on the active node alone, by name."""

    def go_on(self, before: "Counted") -> None:
        """Takes over what was known of the members that are still looked at."""
        for name, group in self._groups.items():
            members = {(name, member) for member in group.members}
            self._failed |= members & before._failed
            self._streaks |= {member: before._streaks[member] for member in members & before._streaks.keys()}
        self.blame.go_on(before.blame)
        # What a group is, and whom it counts on, may be another thing now.
        self.blame.missing = {name for name in self._lone if self._is_silent(name)}
        self.blame.faulty &= self.blame.missing

    def note(self, name: str, member: Hashable, good: bool, now: float) -> None:
        """Takes one result; ignores that of a group or member that is not configured (any more)."""
        group = self._groups.get(name)
        if group is None or member not in group.members:
            return
        key = (name, member)
        failed = key in self._failed
        if good != failed:
            self._streaks.pop(key, None)
            return
        streak = self._streaks.get(key, 0) + 1
        self._streaks[key] = streak
        if streak >= (group.recoveries if failed else group.failures):
            (self._failed.discard if failed else self._failed.add)(key)
            del self._streaks[key]
            self.blame.note(name, not self._is_silent(name), now)

    def note_state(self, active: bool, now: float) -> None:
        """Whether the node is active from now on."""
        if active and not self.blame.active:
            for name in set(self._lone) - self.blame.faulty:
                for member in self._groups[name].members:
                    self._failed.discard((name, member))
                    self._streaks.pop((name, member), None)
                self.blame.note(name, True, now)
        self.blame.note_state(active, now)

    def faults(self) -> tuple[str, ...]:
        """Names of the groups that count as a fault."""
        return tuple(name for name in self._groups if self.is_fault(name))

    def is_fault(self, name: str) -> bool:
        """Whether the group counts as a fault."""
        if self._groups[name].counts_on is CountsOn.ACTIVE:
            return name in self.blame.faulty
        return self._is_silent(name)

    def has_failed(self, name: str, member: Hashable) -> bool:
        """Whether a member of a group has failed, whatever that counts."""
        return (name, member) in self._failed

    def is_kept(self, name: str) -> bool:
        """Whether the fault of a group is one of the time when this node was active."""
        return name in self.blame.faulty and not self.blame.active

    def _is_silent(self, name: str) -> bool:
        return all((name, member) in self._failed for member in self._groups[name].members)
