"""The daemon's side of its guard: leaves word, and hears what it did."""

import asyncio
import logging
import os
from collections.abc import Callable
from socket import SocketType

from hadaemon.daemon.guard_process import WORD
from hadaemon.daemon.part import Part
from hadaemon.problems import Problem, other

log = logging.getLogger(__name__)


class Guard(Part):
    """The child process that `fork_guard` made: it ends when the daemon does."""

    def __init__(self, pid: int, channel: SocketType, words: int) -> None:
        """`pid`: of the guard. `channel`: to it. `words`: descriptor of the file that it reads."""
        self._pid = pid
        self._channel = channel
        self._words = words
        self._word = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._acted: Callable[[], None] = lambda: None
        self._end: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """It has ended, and must not."""
        return self._end

    def listen(self, loop: asyncio.AbstractEventLoop, acted: Callable[[], None]) -> None:
        """`acted` is called when the guard has taken the virtual addresses away."""
        self._loop, self._acted = loop, acted
        loop.add_reader(self._channel, self._hear)

    def expect(self, silent_at: float | None) -> None:
        """The daemon will have spoken before that, by CLOCK_BOOTTIME in seconds; None: it has no virtual
        address."""
        before, self._word = self._word, 0 if silent_at is None else round(silent_at * 1e9)
        if self._word == before:
            return
        os.pwrite(self._words, WORD.pack(self._word), 0)
        if self._word and (not before or self._word < before):
            self._wake()

    async def close(self) -> None:
        """Ends it, and waits for its end: nothing is left to do for the loop."""
        self._end_it()

    def _end_it(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._channel)
        self._channel.close()
        os.close(self._words)
        os.waitpid(self._pid, 0)

    def _wake(self) -> None:
        try:
            self._channel.send(b"!")
        except BlockingIOError:  # It has more than one to read, and will.
            pass
        except OSError:
            self._ended()

    def _hear(self) -> None:
        try:
            heard = self._channel.recv(64)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if heard:
            self._acted()
        else:
            self._ended()

    def _ended(self) -> None:
        if self._end:
            return
        assert self._loop is not None
        self._loop.remove_reader(self._channel)
        problem = "the guard of the virtual addresses has ended: restart hadaemon while this node is backup"
        log.error("%s", problem)
        self._end = (other("guard", problem),)
