"""The administrator's own checks: looks at each at its pace; the node learns what came of each look."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from hadaemon.cluster import CheckResult
from hadaemon.config import Check
from hadaemon.config.check_model import Dns, Http, Present, Process, Program, Target, Tcp
from hadaemon.daemon.programs import Programs
from hadaemon.io.errors import HelperError
from hadaemon.io.sockets.reach import reach_dns, reach_http, reach_tcp

log = logging.getLogger(__name__)


class Checks:
    """From `start` to `close`. One look of a check is over before its next one begins."""

    def __init__(
        self,
        checks: Iterable[Check],
        programs: Programs,
        about: Callable[[], Mapping[str, str]],
        loop: asyncio.AbstractEventLoop,
        post: Callable[[CheckResult], None],
    ) -> None:
        """`about`: what programs learn of the node, as variables of their environment."""
        self._checks = tuple(checks)
        self._programs = programs
        self._about = about
        self._loop = loop
        self._post = post
        self._tasks: list[asyncio.Task[None]] = []
        self.failure: str | None = None
        """Why programs cannot be run at all: nothing is known of their checks, and nothing counts."""

    def start(self) -> None:
        """Begins with a look at each."""
        self._tasks = [self._loop.create_task(self._watch(check)) for check in self._checks]

    def close(self) -> None:
        """No more results. What runs in the sandbox comes to its end there."""
        for task in self._tasks:
            task.cancel()

    async def _watch(self, check: Check) -> None:
        while True:
            begin = self._loop.time()
            try:
                why = await self._look(check.target, check.timeout)
            except HelperError as error:
                if self.failure is None:
                    log.warning("%s", error)
                self.failure = str(error)
            else:
                if isinstance(check.target, Program | Process):
                    self.failure = None
                self._post(CheckResult(check.name, why is None, why or ""))
            await asyncio.sleep(max(0.0, begin + check.interval - self._loop.time()))

    async def _look(self, target: Target, patience: float) -> str | None:
        """Why it is not good; None: it is."""
        match target:
            case Program(path):
                ended = await self._programs.run(path, self._about(), patience)
                return None if ended.good else ended.said
            case Process(name):
                ended = await self._programs.look(name, patience)
                return None if ended.good else ended.said
        try:
            async with asyncio.timeout(patience):
                match target:
                    case Http():
                        return await reach_http(target)
                    case Tcp():
                        return await reach_tcp(target)
                    case Dns():
                        return await reach_dns(target)
                    case Present(path):
                        there = await asyncio.to_thread(_exists, path)
                        return None if there else f"there is no {path}"
        except TimeoutError:
            return f"no answer within {patience:g} s"


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        return False
