"""How long conntrackd may be away, or refuse all orders, until it is started anew. Pure, as the course is."""

FIRST, LONGEST = 15.0, 240.0
"""Seconds; each start that did not help doubles them, up to the second."""


class Patience:
    """Begins anew with each start and each order that was obeyed.

    A start takes its time on a slow or busy machine, and another one in its midst only takes that away: so
    its time counts from its end, and the next one waits longer.
    """

    def __init__(self, now: float) -> None:
        """`now`: monotonic seconds, as everywhere here."""
        self._since = now
        self._limit = FIRST

    def obeyed(self, now: float) -> None:
        """It runs, and does what it is told."""
        self._since, self._limit = now, FIRST

    def started(self, now: float) -> None:
        """It was started, or nobody could do that; it may take its time again."""
        self._since = now

    def gave_up(self) -> None:
        """It is started because it did not do what it was told."""
        self._limit = min(2 * self._limit, LONGEST)

    def has_waited(self, seconds: float, now: float) -> bool:
        """It has done nothing that it was told for so long."""
        return now - self._since > seconds

    def is_over(self, now: float) -> bool:
        """It is to be started anew."""
        return self.has_waited(self._limit, now)
