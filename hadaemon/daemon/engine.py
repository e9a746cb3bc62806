"""Events in, actions out, effects done: queue, deadline timer, and failures that return as events.

A deadline says that something was not heard for too long. It must not act on what merely was not read: a
process that stood still finds the deadline passed and the answer waiting. So what has arrived is read first.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from hadaemon.cluster import Action, ActionFailed, AdvertisementReceived, Event, Node, Tick
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
        read_waiting: Callable[[], None] = lambda: None,
        promise: Callable[[float | None], None] = lambda _: None,
    ) -> None:
        """`settled` is called after each posted event and all that followed from it. `read_waiting` posts
        what has arrived and was not read yet: it is called before a deadline acts. `promise` learns until
        when the node will have spoken, before it has virtual addresses and until they are gone."""
        self.node = node
        self._execute = execute
        self._loop = loop
        self._settled = settled
        self._read_waiting = read_waiting
        self._promise = promise
        self._queue: deque[Event] = deque()
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed: float | None = None
        """What the timer is set to; None: it is not."""
        self._carry_out(opening)
        self._work_off()

    def post(self, event: Event) -> None:
        """Takes an event; it and all that follows from it is done before the outermost `post` returns."""
        if self._busy:
            self._queue.append(event)
            return
        now = self._loop.time()
        if self.node.is_old_news(event, now):
            return
        self._queue.extend(self._with_waiting(event) if self._is_due(now) else (event,))
        self._work_off()
        self._settled()

    def catch_up(self) -> bool:
        """Lets the node see that its deadline has passed, if it has. False: not now, an event is being taken
        in."""
        if self._busy:
            return False
        if self._is_due(self._loop.time()):
            self.post(Tick())
        return True

    def close(self) -> None:
        """No more ticks."""
        if self._timer is not None:
            self._timer.cancel()

    def overdue(self) -> float:
        """Seconds by which the node's deadline has passed without being served; 0: all is well."""
        deadline = self.node.next_deadline
        return max(0.0, self._loop.time() - deadline) if deadline is not None else 0.0

    def _is_due(self, now: float) -> bool:
        deadline = self.node.next_deadline
        return deadline is not None and deadline <= now

    def _with_waiting(self, event: Event) -> list[Event]:
        """The event and what waits to be read, in the order in which to take it in: advertisements first,
        because the first event of all lets the deadline act."""
        self._busy = True
        try:
            self._read_waiting()
        finally:
            self._busy = False
        waiting = [*self._queue]
        self._queue.clear()
        came = [event, *waiting] if isinstance(event, AdvertisementReceived) else [*waiting, event]
        return sorted(came, key=lambda each: not isinstance(each, AdvertisementReceived))

    def _work_off(self) -> None:
        self._busy = True
        try:
            while self._queue:
                self._carry_out(self.node.handle(self._queue.popleft(), self._loop.time()))
        finally:
            self._busy = False
        self._promise(self.node.silent_at)
        self._arm()

    def _carry_out(self, actions: Iterable[Action]) -> None:
        if self.node.silent_at is not None:
            self._promise(self.node.silent_at)
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
