"""A reading command for the peer: the program `hactl`, started with words that were declared and no others.

Whoever holds the pair's key can ask for anything. So the words are held against the declarations before any
program is started, no shell sees them, and time and output are bounded.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hadaemon.commands.on_peer import may_run, refusal
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE, own_folder
from hadaemon.sync.errors import SyncError

HACTL = ("/usr/bin/hactl",)
_SECONDS = 40.0
"""Less than the peer waits for an answer."""
_MAX_OUT, _MAX_ERRORS = 1 << 20, 4096
"""Bytes; what is longer loses its end."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command came to its end."""

    code: int
    out: bytes
    errors: bytes


@dataclass(frozen=True, slots=True)
class Hactl:
    """The program on this node."""

    state: Path
    run: Path
    control: Path
    program: tuple[str, ...] = HACTL
    seconds: float = _SECONDS

    def read(self, words: Sequence[str]) -> Ended:
        """What a reading command has to say. Raises SyncError: it is none, or has not ended in time."""
        if not may_run(words):
            raise SyncError(refusal())
        command = (*self.program, "--socket", str(self.control), *words, *self._places(words))
        try:
            return _run(command, self.seconds)
        except TimeoutError:
            raise SyncError(f"`hactl {' '.join(words)}` has not ended within {self.seconds:g} s") from None
        except OSError as error:
            raise SyncError(f"{self.program[0]}: {os.strerror(error.errno or 0)}") from error

    def _places(self, words: Sequence[str]) -> tuple[str, ...]:
        """Options that the peer cannot give."""
        match tuple(words[:2]):
            case ("history", *_):
                return ("--folder", str(own_folder(self.state)))
            case ("config", "check"):
                return ("--node", str(self.state / NODE_FILE), "--cluster", str(self.state / CLUSTER_FILE))
            case ("config" | "key", _):
                return ("--state", str(self.state), "--run", str(self.run))
            case _:
                return ()


def _run(command: Sequence[str], seconds: float) -> Ended:
    """Raises OSError, and TimeoutError: it was killed, with all that it has started."""
    deadline = time.monotonic() + seconds
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            out, errors = _read(((process.stdout, _MAX_OUT), (process.stderr, _MAX_ERRORS)), deadline)
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError from None
            raise
    return Ended(code if code >= 0 else 1, out, errors)


def _read(pipes: Sequence[tuple[IO[bytes], int]], deadline: float) -> tuple[bytes, ...]:
    """The beginning of each, up to so many bytes, once all are at their end. Raises TimeoutError."""
    found = [bytearray() for _ in pipes]
    with selectors.DefaultSelector() as selector:
        for number, (pipe, _) in enumerate(pipes):
            selector.register(pipe, selectors.EVENT_READ, number)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready or time.monotonic() > deadline:
                raise TimeoutError
            for key, _ in ready:
                data = os.read(key.fd, _CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                room = pipes[key.data][1] - len(found[key.data])
                found[key.data] += data[: max(0, room)]
    return tuple(map(bytes, found))
