"""What may have to wait for a disk, off the loop: one thread, in order, bounded.

A failure is logged and kept for the status until the same kind of work succeeds.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hadaemon.daemon.part import Part
from hadaemon.errors import HadaemonError
from hadaemon.problems import Problem, other

log = logging.getLogger(__name__)

_MAX_WAITING = 64
"""Pieces of work that may wait; more than that, and the disk has stopped to answer."""


class Background(Part):
    """Does work that returns nothing. Only `close` waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
        self._waiting = 0
        self._failures: dict[str, str] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What went wrong last, one for each kind of work."""
        return tuple(other(kind, failure) for kind, failure in self._failures.items())

    def do(self, kind: str, work: Callable[[], None]) -> None:
        """Queues a piece of work. `work` raises HadaemonError when it failed."""
        if self._waiting >= _MAX_WAITING:
            self.failed(kind, f"{kind}: the disk does not answer: see the kernel's log")
            return
        self._waiting += 1
        self._thread.submit(self._work, kind, work)

    async def close(self) -> None:
        """Waits until all is done."""
        self._thread.shutdown(wait=True)

    def _work(self, kind: str, work: Callable[[], None]) -> None:
        """In the thread."""
        error = None
        try:
            work()
        except Exception as caught:  # noqa: BLE001 - a defect is raised again in the loop, where it is seen
            error = caught
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._done, kind, error)

    def _done(self, kind: str, error: Exception | None) -> None:
        self._waiting -= 1
        match error:
            case None:
                self._failures.pop(kind, None)
            case HadaemonError():
                self.failed(kind, str(error))
            case _:
                raise error

    def failed(self, kind: str, failure: str) -> None:
        """Notes a failure, as of work that was done elsewhere."""
        if self._failures.get(kind) != failure:
            log.error("%s", failure)
        self._failures[kind] = failure
