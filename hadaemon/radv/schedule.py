"""When the next advertisement goes out (RFC 4861 §6.2.4, §6.2.6). `chance`: from 0 to 1, drawn by the caller.

Nothing is said at the end: who gives up the virtual addresses gives them to the other node, which is the same
router to the hosts. A lifetime of 0 would take their gateway away.
"""

from dataclasses import dataclass, replace

_INITIAL = 3
"""MAX_INITIAL_RTR_ADVERTISEMENTS: so many come quickly."""
_INITIAL_INTERVAL = 16.0
_BETWEEN = 3.0
"""MIN_DELAY_BETWEEN_RAS."""
_ANSWER = 0.5
"""MAX_RA_DELAY_TIME."""
_SHORTEST = 0.33
"""MinRtrAdvInterval as a part of MaxRtrAdvInterval."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Of one interface, from the moment that it is ours. Times are seconds of the loop's clock."""

    interval: float
    """MaxRtrAdvInterval."""
    due: float
    sent: int = 0
    last: float = float("-inf")

    def after_sending(self, now: float, chance: float) -> "Schedule":
        """One went out."""
        wait = self.interval * (_SHORTEST + (1 - _SHORTEST) * chance)
        if self.sent + 1 < _INITIAL:
            wait = min(wait, _INITIAL_INTERVAL)
        return replace(self, due=now + wait, sent=self.sent + 1, last=now)

    def after_solicitation(self, now: float, chance: float) -> "Schedule":
        """A host asked: one answer to all, soon, and not too often."""
        answer = max(now + _ANSWER * chance, self.last + _BETWEEN)
        return replace(self, due=min(self.due, answer))
