"""The tracked routes: the node learns which of them the kernel has, at once after a change."""

import asyncio
import logging
from collections.abc import Callable, Collection

from hadaemon.cluster import RouteChanged
from hadaemon.config import TrackedRoute
from hadaemon.errors import HadaemonError
from hadaemon.io.kernel.links import Link
from hadaemon.io.kernel.route_table import RouteMonitor, interfaces_to

log = logging.getLogger(__name__)

_LEVEL_CHECK = 30.0
"""Seconds between two looks, whatever the kernel has told or not told."""


class RouteWatch:
    """From `start` to `close`. Without tracked routes it does nothing."""

    def __init__(
        self,
        routes: Collection[TrackedRoute],
        link_of: Callable[[str], Link | None],
        loop: asyncio.AbstractEventLoop,
        post: Callable[[RouteChanged], None],
    ) -> None:
        """`link_of` knows the present link of a port by its name."""
        self._routes = tuple(routes)
        self._destinations = frozenset(route.destination for route in routes)
        self._link_of = link_of
        self._loop = loop
        self._post = post
        self._monitor: RouteMonitor | None = None
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._present: dict[TrackedRoute, bool] = {}
        self.failure: str | None = None
        """Why it is not known which routes there are."""

    def start(self) -> None:
        """Begins with a look."""
        if self._routes:
            self._task = self._loop.create_task(self._run())

    def wake(self) -> None:
        """A port may be another link now."""
        self._look.set()

    def close(self) -> None:
        """Posts nothing any more."""
        if self._task is not None:
            self._task.cancel()
        if self._monitor is not None:
            self._loop.remove_reader(self._monitor.fileno())
            self._monitor.close()

    async def _run(self) -> None:
        while True:
            self._look.clear()
            try:
                self._follow()
                found = await asyncio.to_thread(interfaces_to, self._destinations)
            except HadaemonError as error:
                if self.failure is None:
                    log.warning("%s", error)
                self.failure = str(error)
            else:
                self.failure = None
                for route in self._routes:
                    self._tell(route, found[route.destination])
            try:
                await asyncio.wait_for(self._look.wait(), _LEVEL_CHECK)
            except TimeoutError:
                continue

    def _follow(self) -> None:
        """Before the first look, so that no change is missed."""
        if self._monitor is None:
            self._monitor = RouteMonitor()
            self._loop.add_reader(self._monitor.fileno(), self._readable, self._monitor)

    def _readable(self, monitor: RouteMonitor) -> None:
        try:
            touched = monitor.touches(self._destinations)
        except HadaemonError as error:
            log.warning("%s", error)
            touched = True
        if touched:
            self._look.set()

    def _tell(self, route: TrackedRoute, interfaces: frozenset[int]) -> None:
        link = self._link_of(route.port) if route.port is not None else None
        present = bool(interfaces) if route.port is None else link is not None and link.index in interfaces
        if self._present.get(route) is not present:
            self._present[route] = present
            self._post(RouteChanged(route, present))
