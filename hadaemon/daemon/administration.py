"""What is asked of the node, `switch`, `maintenance` and `resume`, and what becomes of it. One at a time."""

import asyncio
from collections.abc import Callable

from hadaemon.cluster import Action, HandoverEnded
from hadaemon.cluster.requests import Request
from hadaemon.daemon.handover import Handover
from hadaemon.daemon.requests import gives_up
from hadaemon.daemon.services.following import Following
from hadaemon.daemon.session import Session
from hadaemon.io.sockets.control import refusal
from hadaemon.io.sockets.control_client import Message

_OUTCOME = 30.0
"""Seconds after which whoever asked is told that nothing happened; the node itself gives up earlier."""


class Administration:
    """Over all sessions."""

    def __init__(
        self,
        session: Callable[[], Session | None],
        following: Following,
        absent: Callable[[], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`absent`: why there is no session."""
        self._session = session
        self._following = following
        self._absent = absent
        self._loop = loop
        self._handover: Handover | None = None

    async def carry_out(self, request: Request) -> Message:
        """Has the node do it, and waits for what becomes of it."""
        session = self._session()
        if session is None:
            return refusal(self._absent())
        if self._handover is not None:
            return refusal("another switch or maintenance is under way: wait for its outcome")
        self._handover = handover = Handover(self._loop.time())
        try:
            if gives_up(request, session.state) and session.refusal(request) is None:
                await self._following.stand_down()
                self._handover = handover = Handover(self._loop.time())
            reason = self._request(request)
            if reason is not None:
                return refusal(reason)
            end = await asyncio.wait_for(handover.ended, _OUTCOME)
        except TimeoutError:
            return refusal(f"no outcome within {_OUTCOME:g} s: see `hactl status`")
        finally:
            self._handover = None
            self._following.stand_up()
        if not end.succeeded:
            return refusal(end.reason)
        return {"ok": True, "reason": end.reason, "milliseconds": handover.milliseconds()}

    def note(self, action: Action) -> None:
        """An action of the node had its effect."""
        if self._handover is not None:
            self._handover.note(action, self._loop.time())

    def give_up(self, reason: str) -> None:
        """Whoever waits is told that nothing comes of it."""
        self.note(HandoverEnded(succeeded=False, reason=reason))

    def _request(self, request: Request) -> str | None:
        """Has the node do it; the answer is why it does not."""
        session = self._session()
        return "the configuration was taken away meanwhile" if session is None else session.request(request)
