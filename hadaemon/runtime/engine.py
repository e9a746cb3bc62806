"""Events in, actions out, effects done: queue, deadline timer, and failures that return as events."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from hadaemon.cluster import Action, ActionFailed, Event, Node, Tick
from hadaemon.errors import HadaemonError


class Engine:
    """Feeds one node. An event that comes while another is handled waits its turn.

    `opening`: what the node has ordered before it came here, done first.
    """

    def __init__(
        self,
        node: Node,
        opening: Iterable[Action],
        execute: Callable[[Action], None],
        loop: asyncio.AbstractEventLoop,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        """`settled` is called after each posted event and all that followed from it."""
        self.node = node
        self._execute = execute
        self._loop = loop
        self._settled = settled
        self._queue: deque[Event] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed: float | None = None
        """What the timer is set to; None: it is not."""
        self._carry_out(opening)
        self._work_off()

    def post(self, event: Event) -> None:
        """Takes an event; it and all that follows from it is done before the outermost `post` returns."""
        if not self._busy and self.node.is_old_news(event, self._loop.time()):
            return
        self._queue.append(event)
        if not self._busy:
            self._work_off()
            self._settled()

    def close(self) -> None:
        """No more ticks."""
        if self._timer is not None:
            self._timer.cancel()

    def overdue(self) -> float:
        """Seconds by which the node's deadline has passed without being served; 0: all is well."""
        deadline = self.node.next_deadline
        return max(0.0, self._loop.time() - deadline) if deadline is not None else 0.0

    def _work_off(self) -> None:
        self._busy = True
        try:
            while self._queue:
                self._carry_out(self.node.handle(self._queue.popleft(), self._loop.time()))
        finally:
            self._busy = False
        self._arm()

    def _carry_out(self, actions: Iterable[Action]) -> None:
        for action in actions:
            try:
                self._execute(action)
            except HadaemonError as error:
                self._queue.append(ActionFailed(action, str(error)))

    def _arm(self) -> None:
        """Most events leave the deadline where it is."""
        deadline = self.node.next_deadline
        if deadline == self._armed:
            return
        self.close()
        self._armed = deadline
        self._timer = self._loop.call_at(deadline, self._tick) if deadline is not None else None

    def _tick(self) -> None:
        self._armed = None
        self.post(Tick())
