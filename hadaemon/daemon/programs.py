"""The administrator's programs, as the configuration on the disk has them now, run in the sandbox."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.sandbox_client import ask_sandbox
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
            content = await asyncio.to_thread(read_program, self._state, path)
            if content is None:
                return Ended(False, f"there is no {path}")
            interpreter(content)
        except (HadaemonError, ValueError) as error:
            return Ended(False, str(error))
        name = path.rpartition("/")[2]
        request = Run(name, content.decode(), timeout, environment, arguments)
        return await ask_sandbox(self._sandbox, request, timeout + _ALLOWANCE)

    async def look(self, process: str, timeout: float) -> Ended:  # noqa: ASYNC109
        """Whether a program runs. Raises HelperError: there is no sandbox."""
        return await ask_sandbox(self._sandbox, Look(process), timeout + _ALLOWANCE)
