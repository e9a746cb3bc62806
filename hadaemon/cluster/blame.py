"""What only the active node can be expected to have, and when the lack of it is a fault.

A backup may well lack what follows the active node: it is not blamed for that. But a node that was active
without it keeps the fault until it sees it again, or until an administrator says that it may try again
(`hactl resume`). Otherwise the two nodes would take turns for as long as one of them cannot reach the
network. All times are monotonic seconds.
"""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)

TRY_AGAIN = "see to it, then let the node try again (`hactl resume`)"
"""What to do about a fault that a backup keeps."""


class Blame(Generic[Thing]):
    """A thing of which nothing is known yet is not missing."""

    def __init__(self, patience: Mapping[Thing, float]) -> None:
        """For how many seconds an active node may be without each."""
        self._patience = patience
        self.active = False
        self.missing: set[Thing] = set()
        self.faulty: set[Thing] = set()
        """Of the missing ones, those that count."""
        self._faulty_from: dict[Thing, float] = {}
        """Of the others, while the node is active: when they begin to count."""

    def go_on(self, before: "Blame[Thing]") -> None:
        """Knows what was known of the things that still matter."""
        matter = self._patience.keys()
        self.active = before.active
        self.missing |= matter & before.missing
        self.faulty |= matter & before.faulty
        self._faulty_from |= {thing: time for thing, time in before._faulty_from.items() if thing in matter}

    def note(self, thing: Thing, present: bool, now: float) -> None:
        """Takes the present truth about one thing; of one that does not matter (any more): nothing."""
        if present:
            self.missing.discard(thing)
            self.faulty.discard(thing)
            self._faulty_from.pop(thing, None)
        elif thing in self._patience:
            self.missing.add(thing)
            self._begin(now)

    def note_state(self, active: bool, now: float) -> None:
        """Whether the node is active from now on."""
        self.active = active
        if active:
            self._begin(now)
        else:
            self._faulty_from.clear()

    def pass_time(self, now: float) -> None:
        """What has been missing for too long counts."""
        due = {thing for thing, time in self._faulty_from.items() if time <= now}
        self.faulty |= due
        for thing in due:
            del self._faulty_from[thing]

    def forgive(self, now: float) -> None:
        """The node may try again."""
        self.faulty.clear()
        self._begin(now)

    @property
    def next_deadline(self) -> float | None:
        """When the next missing thing begins to count; None: none is about to."""
        return min(self._faulty_from.values(), default=None)

    def _begin(self, now: float) -> None:
        if self.active:
            for thing in self.missing - self.faulty:
                self._faulty_from.setdefault(thing, now + self._patience[thing])
