"""Which Advertisement_Interval the pair may be measured by while its nodes have different ones.

A backup waits by the interval that it has learnt from the active node (RFC 9568 §6.1). So what a node
advertised by before counts on until whoever heard it has waited for it.
"""

from .agenda import Agenda

LONGEST_WAIT = 4
"""Intervals in the Active_Down_Interval of the worst score."""


class Intervals:
    """In seconds, as all times here."""

    def __init__(self, agenda: Agenda, names: tuple[str, ...], interval: float) -> None:
        self._agenda = agenda
        self._present = dict.fromkeys(names, interval)
        self._former: dict[float, float] = {}
        """Until when each of them counts."""

    @property
    def largest(self) -> float:
        """Of those that any node has, or may still wait by."""
        waited_for = (each for each, until in self._former.items() if until > self._agenda.now)
        return max(*self._present.values(), *waited_for)

    def change(self, name: str, interval: float) -> None:
        """That node has another one from now on."""
        before, self._present[name] = self._present[name], interval
        self._count_on(before)

    def count_anew(self) -> None:
        """A node reads late what was sent to it long ago."""
        for interval in self._former:
            self._count_on(interval)

    def _count_on(self, interval: float) -> None:
        self._former[interval] = self._agenda.now + LONGEST_WAIT * interval
