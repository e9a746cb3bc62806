"""When to announce the virtual addresses: at once, several times more, and then slowly for ever.

One gratuitous ARP can be lost, and a switch or router that missed it may send to the wrong node for hours.
And an answer that another node gave in its last moment is believed until the next announcement: so there are
many in the first minute.
"""

from collections import deque

_REPEATS = (0.2, 0.8, 1.0, 3.0, 5.0, 10.0, 10.0, 10.0, 20.0)
"""Seconds between the first announcement and those that follow it."""

_REFRESH = 60.0
"""Seconds between the announcements after those."""

_AT_ONCE = 3
_WINDOW = 10.0
"""So many times in so many seconds it begins anew at once; after that it waits for its next turn, as when a
foreign router claims the addresses again and again."""


class Announcer:
    """The deadline of the next announcement."""

    def __init__(self) -> None:
        self.next_deadline: float | None = None
        """Monotonic seconds; None: nothing is to be announced."""
        self._sent = 0
        self._begun: deque[float] = deque(maxlen=_AT_ONCE)

    def restart(self, now: float) -> None:
        """Announce now, and begin the repetitions anew."""
        if self.next_deadline is not None and self._is_pressed(now):
            self.next_deadline = min(self.next_deadline, self._begun[0] + _WINDOW)
            return
        self._begun.append(now)
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

    def _is_pressed(self, now: float) -> bool:
        return len(self._begun) == _AT_ONCE and now - self._begun[0] < _WINDOW
