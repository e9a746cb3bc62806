"""Flap damping: a node that switches again and again does more harm than one that is not the preferred one.

A suspended node switches only for better health, on either side, and never for preference. The suspension
ends by itself, as in the damping of routes (RFC 2439): when there was no switch for as long as switches
count.
"""

from collections import deque

from hadaemon.config.model import ElectionConfig


class Damping:
    """Counts the switches that nobody asked for.

    A planned switch, on whichever node it was requested, resets the count: somebody is looking after the
    pair.
    """

    def __init__(self, config: ElectionConfig) -> None:
        self._limit = config.flap_switches
        self._window = config.flap_window
        self._switches: deque[float] = deque(maxlen=max(config.flap_switches, 1))
        self.ends_at: float | None = None
        """When the suspension is over, if nothing switches until then; None: there is none."""

    def note_switch(self, now: float) -> bool:
        """Counts a switch. True when it is one too many: `flap_switches` of them within `flap_window`."""
        self._switches.append(now)
        if self.ends_at is not None:
            self.suspend(now)
        return 0 < self._limit == len(self._switches) and now - self._switches[0] <= self._window

    def suspend(self, now: float) -> None:
        """Suspends the node from now on, or for longer."""
        self.ends_at = now + self._window

    def clear(self) -> None:
        """Resets the count."""
        self._switches.clear()
        self.ends_at = None

    def go_on(self, before: "Damping") -> None:
        """Takes over the count of the node before this one."""
        self._switches.extend(before._switches)
        self.ends_at = before.ends_at

    def __str__(self) -> str:
        minutes = f"{self._window / 60:g} minutes"
        return (
            f"suspended after {self._limit} switches in {minutes}: preference moves nothing until there was "
            f"none for {minutes}, or until `hactl resume`"
        )
