"""The administrator's programs, as the configuration on the disk has them now, run in the sandbox."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.errors import HelperError
from hadaemon.io.sockets.sandbox_client import ask_sandbox, tell_sandbox
from hadaemon.io.store.program_files import read_program
from hadaemon.programs.protocol import Ended, Look, Run
from hadaemon.programs.script import interpreter

_ALLOWANCE = 10.0
"""Seconds that the sandbox may need for itself: it is made anew for each run, and the node may be busy."""


class Programs:
    """Knows where they are."""

    def __init__(self, sandbox: Path, state: Path) -> None:
        """`sandbox`: its socket."""
        self._sandbox = sandbox
        self._state = state

    async def run(
        self,
        path: str,
        environment: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109
        arguments: tuple[str, ...] = (),
    ) -> Ended:
        """`path`: beside cluster.toml; `timeout`: seconds. Raises HelperError: there is no sandbox."""
        try:
            script = await self._script(path)
        except (HadaemonError, ValueError) as error:
            return Ended(False, str(error))
        request = Run(_name(path), script, timeout, environment, arguments)
        return await ask_sandbox(self._sandbox, request, timeout + _ALLOWANCE)

    async def begin(
        self,
        path: str,
        environment: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109
        arguments: tuple[str, ...] = (),
    ) -> None:
        """The same, and nobody waits for its end. Raises HelperError: it could not be begun."""
        try:
            script = await self._script(path)
        except (HadaemonError, ValueError) as error:
            raise HelperError(str(error)) from error
        await tell_sandbox(self._sandbox, Run(_name(path), script, timeout, environment, arguments))

    async def _script(self, path: str) -> str:
        """Raises ValueError or FileError: it cannot be run."""
        content = await asyncio.to_thread(read_program, self._state, path)
        if content is None:
            raise ValueError(f"there is no {path}")
        interpreter(content)
        return content.decode()

    async def look(self, process: str, timeout: float) -> Ended:  # noqa: ASYNC109
        """Whether a program runs. Raises HelperError: there is no sandbox."""
        return await ask_sandbox(self._sandbox, Look(process), timeout + _ALLOWANCE)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
