"""One way out: sends what is due, one message at a time, and sends again what failed."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hadaemon.alarms.model import Alarm
from hadaemon.alarms.outbox import Notice, Outbox
from hadaemon.alarms.status import WayStatus
from hadaemon.errors import HadaemonError
from hadaemon.problems.kinds import DELIVERY

log = logging.getLogger(__name__)

Deliver = Callable[[Sequence[Notice]], None]
"""Blocking. Raises HadaemonError."""


class Way:
    """A webhook, or mail."""

    def __init__(self, name: str, outbox: Outbox, deliver: Deliver) -> None:
        self.name = name
        self._outbox = outbox
        self._deliver = deliver
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sent_at: str | None = None

    def take(self, active: Sequence[Alarm], recent: Sequence[Alarm], time: str, quiet: bool) -> None:
        """Takes the present alarms. The alarm that this way itself fails is not sent over it."""
        own = DELIVERY.word, self.name
        self._outbox.take([alarm for alarm in active if alarm.key != own], recent, time, quiet)
        self._changed.set()

    def status(self) -> WayStatus:
        """For `hactl alarms`."""
        return WayStatus(
            waiting=self._outbox.waiting,
            lost=self._outbox.lost,
            failure=self._outbox.failure,
            sent_at=self._sent_at,
        )

    async def test(self, alarm: Alarm) -> str:
        """Sends one alarm; returns why it did not arrive, empty: it did."""
        try:
            await asyncio.to_thread(self._deliver, (Notice(alarm),))
        except HadaemonError as error:
            return str(error)
        return ""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            notices = self._outbox.due(self._loop.time())
            if notices:
                await self._send(notices)
                continue
            at = self._outbox.next_at(self._loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(at):
                    await self._changed.wait()

    async def _send(self, notices: Sequence[Notice]) -> None:
        try:
            await asyncio.to_thread(self._deliver, notices)
        except HadaemonError as error:
            if self._outbox.failure != str(error):
                log.warning("%s: %s", self.name, error)
            self._outbox.failed(str(error), self._loop.time(), random.random())  # noqa: S311
        else:
            self._sent_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._outbox.sent(notices, self._loop.time())
