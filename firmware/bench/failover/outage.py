"""What a client saw of a failover: pure functions over the moments of its pings."""

from dataclasses import dataclass
from itertools import pairwise

PERIOD = 0.005
"""Seconds between two pings: 200 a second."""
_SILENCE = 2.5 * PERIOD
"""Answers that are further apart than this have a gap between them."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One failover, as the client saw it. Moments are seconds since the failure."""

    lost: int
    """Requests that nobody ever answered."""
    gap: float
    """Seconds of the longest time between two answers."""
    answering: tuple[tuple[float, float], ...]
    """From when to when there were answers."""


def outage(sent: list[float], answered: list[tuple[int, float]], failure: float) -> Outage:
    """Judge a record of a pinger (see `ping_agent`) around the monotonic time of the failure.

    What was asked before the first answer does not count: the client did not know its neighbour yet.
    """
    numbers = {number for number, _ in answered}
    asked = range(min(numbers), len(sent))
    moments = sorted(moment - failure for _, moment in answered)
    return Outage(
        lost=sum(number not in numbers for number in asked),
        gap=greatest_gap(moments),
        answering=stretches(moments),
    )


def greatest_gap(moments: list[float]) -> float:
    """The longest time between two neighbours of an ordered list; 0 if there are not two."""
    return max((later - earlier for earlier, later in pairwise(moments)), default=0.0)


def stretches(moments: list[float], silence: float = _SILENCE) -> tuple[tuple[float, float], ...]:
    """Join moments that are close to each other: from when to when something was heard."""
    joined: list[tuple[float, float]] = []
    for moment in moments:
        if joined and moment - joined[-1][1] <= silence:
            joined[-1] = joined[-1][0], moment
        else:
            joined.append((moment, moment))
    return tuple(joined)
