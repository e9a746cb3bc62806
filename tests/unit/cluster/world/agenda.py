"""The world's time, in seconds, and what is to happen when."""

import heapq
import itertools
from collections.abc import Callable


class Agenda:
    """Two things that are due at the same moment happen in the order in which they were planned."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._numbers), happen))

    def run(self, seconds: float, watch: Callable[[float], None]) -> None:
        """Does what is due. `watch` is asked before time goes on, and told until when: in between nothing
        changes."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            at, _, happen = heapq.heappop(self._queue)
            watch(at)
            self.now = at
            happen()
        watch(end)
        self.now = end
