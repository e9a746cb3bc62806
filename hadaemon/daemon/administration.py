"""What is asked of the node, `switch`, `maintenance` and `resume`, and what becomes of it. One at a time."""

import asyncio

from hadaemon.cluster import Action, HandoverEnded
from hadaemon.cluster.requests import Request
from hadaemon.control.answers import Administered
from hadaemon.control.errors import RequestRefused
from hadaemon.daemon.handover import Handover
from hadaemon.daemon.part import Part
from hadaemon.daemon.requests import gives_up
from hadaemon.daemon.services.following import Following
from hadaemon.daemon.today import Today

_OUTCOME = 30.0
"""Seconds after which whoever asked is told that nothing happened; the node itself gives up earlier."""


class Administration(Part):
    """Over all sessions."""

    def __init__(self, today: Today, following: Following, loop: asyncio.AbstractEventLoop) -> None:
        self._today = today
        self._following = following
        self._loop = loop
        self._handover: Handover | None = None

    async def carry_out(self, request: Request) -> Administered:
        """Has the node do it, and waits for what becomes of it. Raises RequestRefused."""
        session = self._today.session
        if session is None:
            raise RequestRefused(self._today.absence)
        if self._handover is not None:
            raise RequestRefused("another switch or maintenance is under way: wait for its outcome")
        self._handover = handover = Handover(self._loop.time())
        try:
            if gives_up(request, session.state) and session.refusal(request) is None:
                await self._following.stand_down()
                self._handover = handover = Handover(self._loop.time())
            reason = self._request(request)
            if reason is not None:
                raise RequestRefused(reason)
            end = await asyncio.wait_for(handover.ended, _OUTCOME)
        except TimeoutError as error:
            raise RequestRefused(f"no outcome within {_OUTCOME:g} s: see `hactl status`") from error
        finally:
            self._handover = None
            self._following.stand_up()
        if not end.succeeded:
            raise RequestRefused(end.reason)
        return Administered(end.reason, handover.milliseconds())

    def note(self, action: Action) -> None:
        """An action of the node had its effect."""
        if self._handover is not None:
            self._handover.note(action, self._loop.time())

    def give_up(self, reason: str) -> None:
        """Whoever waits is told that nothing comes of it."""
        self.note(HandoverEnded(succeeded=False, reason=reason))

    async def close(self) -> None:
        """Whoever waits hears it."""
        self.give_up("the daemon was stopped")

    def _request(self, request: Request) -> str | None:
        """Has the node do it; the answer is why it does not."""
        session = self._today.session
        return "the configuration was taken away meanwhile" if session is None else session.request(request)
