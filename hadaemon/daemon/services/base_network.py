"""Has the system's own network and services follow the files: by the privileged helper, in the background.

At the start as well, unless the setup of the boot, or the last pass, has noted that all is as the files say.
"""

import asyncio
import logging
from pathlib import Path

from hadaemon.daemon.part import Part
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.problems import Problem, other

log = logging.getLogger(__name__)

_SEE = ": see `journalctl -u hotspare-apply`"
_TIMEOUT = 320.0
"""Seconds: longer than the service manager gives a pass, hotspare-apply.service."""
_RETRY = 30.0
"""Seconds until what failed is tried again."""


class BaseNetwork(Part):
    """One pass after the other, as often as somebody has asked since the last one began."""

    def __init__(self, helper: Path, applied: Path, is_node: bool) -> None:
        """`applied` is a file: there while nothing is left to do. `is_node`: the system is a node's own
        firmware, and its network is ours to make."""
        self._is_node = is_node
        self._helper = helper
        self._applied = applied
        self._asked = asyncio.Event()
        self._failure: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it is not as the files say."""
        return self._failure

    def apply(self) -> None:
        """The files are not what they were."""
        self._asked.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        if not self._is_node:
            return
        if not self._applied.exists():
            self.apply()
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await ask_helper(self._helper, "apply-network", _TIMEOUT)
            except HadaemonError as error:
                log.error("network: %s", error)
                text = f"the node's own network is not as the files say: {error}{_SEE}"
                self._failure = (other("network", text),)
                asyncio.get_running_loop().call_later(_RETRY, self._asked.set)
            else:
                self._failure = ()
