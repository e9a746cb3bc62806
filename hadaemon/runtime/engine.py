"""Events in, actions out, effects done: queue, deadline timer, and failures that return as events."""

import asyncio
from collections import deque
from collections.abc import Callable

from hadaemon.cluster import Action, ActionFailed, Event, Node, Tick
from hadaemon.errors import HadaemonError


class Engine:
    """Feeds one node. An event that comes while another is handled waits its turn."""

    def __init__(
        self, node: Node, execute: Callable[[Action], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.node = node
        self._execute = execute
        self._loop = loop
        self._queue: deque[Event] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None

    def post(self, event: Event) -> None:
        """Takes an event; it and all that follows from it is done before the outermost `post` returns."""
        self._queue.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                self._handle(self._queue.popleft())
        finally:
            self._busy = False
        self._arm()

    def close(self) -> None:
        """No more ticks."""
        if self._timer is not None:
            self._timer.cancel()

    def overdue(self) -> float:
        """Seconds by which the node's deadline has passed without being served; 0: all is well."""
        deadline = self.node.next_deadline
        return max(0.0, self._loop.time() - deadline) if deadline is not None else 0.0

    def _handle(self, event: Event) -> None:
        for action in self.node.handle(event, self._loop.time()):
            try:
                self._execute(action)
            except HadaemonError as error:
                self._queue.append(ActionFailed(action, str(error)))

    def _arm(self) -> None:
        self.close()
        deadline = self.node.next_deadline
        self._timer = self._loop.call_at(deadline, self.post, Tick()) if deadline is not None else None
