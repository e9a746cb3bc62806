"""Flap damping: a node that switches again and again does more harm than one that is not the best."""

from collections import deque

from hadaemon.config.model import ElectionConfig


class Damping:
    """Counts the switches that nobody asked for.

    A planned one, on whichever node it was asked for, begins the count anew: somebody looks after the pair.
    """

    def __init__(self, config: ElectionConfig) -> None:
        self._limit = config.flap_switches
        self._window = config.flap_window
        self._switches: deque[float] = deque(maxlen=max(config.flap_switches, 1))

    def note_switch(self, now: float) -> bool:
        """True when it is one too many: `flap_switches` of them within `flap_window`."""
        self._switches.append(now)
        return 0 < self._limit == len(self._switches) and now - self._switches[0] <= self._window

    def clear(self) -> None:
        """Begins to count anew."""
        self._switches.clear()

    def __str__(self) -> str:
        return f"suspended after {self._limit} switches in {self._window / 60:g} minutes; `hactl resume`"
