"""When to announce the virtual addresses: at once, several times again, and slowly for ever.

One gratuitous ARP can be lost, and a switch or router that missed it may send to the wrong node for hours.
"""

_REPEATS = (0.2, 0.8, 1.0, 3.0)
"""Seconds between the first announcement and the four that follow it."""

_REFRESH = 60.0
"""Seconds between the announcements after those."""


class Announcer:
    """The deadline of the next announcement."""

    def __init__(self) -> None:
        self.next_deadline: float | None = None
        """Monotonic seconds; None: nothing is to be announced."""
        self._sent = 0

    def restart(self, now: float) -> None:
        """Announce now, and begin the repetitions anew."""
        self.next_deadline = now
        self._sent = 0

    def stop(self) -> None:
        self.next_deadline = None

    def is_due(self, now: float) -> bool:
        return self.next_deadline is not None and self.next_deadline <= now

    def announced(self, now: float) -> None:
        """One round has been ordered."""
        self.next_deadline = now + (_REPEATS[self._sent] if self._sent < len(_REPEATS) else _REFRESH)
        self._sent += 1
