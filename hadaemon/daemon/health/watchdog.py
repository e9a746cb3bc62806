"""The daemon's own health: feeds the watchdog, and tells the helper once that this firmware works."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from hadaemon.daemon.part import Part
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.io.sockets.notify import ServiceManager

log = logging.getLogger(__name__)

STABLE = 5.0
"""Seconds of unbroken health before the running slot is marked good."""
_LOOK = 0.5
_RETRY = 30.0
"""Seconds between attempts to reach the helper."""


class Watchdog(Part):
    """The service manager's."""

    def __init__(self, manager: ServiceManager, today: Today) -> None:
        self._manager = manager
        self._today = today

    async def run(self) -> None:
        """Until it is cancelled."""
        await feed_watchdog(self._manager, self._overdue)

    def _overdue(self) -> float:
        session = self._today.session
        return session.overdue() if session is not None else 0.0


async def feed_watchdog(manager: ServiceManager, overdue: Callable[[], float]) -> None:
    """Pings at a third of the watchdog's time, as long as no deadline has waited that long to be served.

    That this runs at all proves the loop; `overdue` proves the node behind it.
    """
    if not manager.watchdog:
        return
    period = manager.watchdog / 3
    while True:
        if overdue() < period:
            manager.ping()
        await asyncio.sleep(period)


async def mark_good_once(helper: Path, healthy: Callable[[], bool]) -> None:
    """Waits for `STABLE` seconds of health, then has the helper mark the running slot good."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    while loop.time() - since < STABLE:
        await asyncio.sleep(_LOOK)
        if not healthy():
            since = loop.time()
    await have_done(helper, "mark-good")
    log.info("the running slot is marked good")


async def have_done(helper: Path, verb: str) -> None:
    """Has the helper do it, and tries again until it is done."""
    while True:
        try:
            await ask_helper(helper, verb)
        except HadaemonError as error:
            log.error("not done yet: %s", error)
            await asyncio.sleep(_RETRY)
        else:
            return
