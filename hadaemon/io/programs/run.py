"""Runs a program of the system to its end. Blocking: the daemon calls it in a thread.

Whatever is secret goes to the program's standard input, never into its arguments: every user of the node can
read those. Not started here, each for a reason that is written there: ssh and the heir of a conversation,
programs that talk to the person at the terminal, and those of the root helper, which has no time to load
`subprocess`.
"""

import io
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from hadaemon.io.errors import EdgeError

_TIMEOUT = 120.0
"""Seconds: longer than the service manager gives a unit to start, so that its own words are reported."""
_MOST = 64 << 20
"""Bytes of output: a program that writes more is out of order, and would fill the node's memory."""
_CHUNK = 1 << 16
_OUT, _ERR = 1, 2


class ProgramError(EdgeError):
    """A program could not be started, was stopped because it took too long or wrote too much, or failed.

    The text says which, and what the program said.
    """

    def __init__(self, text: str, status: int | None = None, output: str = "", said: str = "") -> None:
        super().__init__(text)
        self.status = status
        """How it ended; None: it was not started, or was stopped."""
        self.output = output
        """What it had written to its standard output by then."""
        self.said = said
        """What it had written to its standard error by then."""


class ProgramMissing(ProgramError):
    """There is no such program."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program came to its end, by itself or killed by somebody else."""

    status: int
    """Negative: killed by this signal."""
    output: str
    said: str
    """On its standard error."""


def run_program(
    *command: str,
    timeout: float = _TIMEOUT,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    merged: bool = False,
) -> str:
    """The program's output. Raises ProgramError.

    `data` is its standard input, and `environment` its whole environment (None: ours). With `merged`, its
    errors are part of the output. It may take `timeout` seconds; a child of it that keeps the output open for
    longer does not make it fail.
    """
    with _started(command, bool(data), environment, merged) as process:
        try:
            done = _attended(process, data, timeout, _MOST)
        finally:
            process.kill()  # One that has ended is left alone.
    if done.status:
        why = " ".join(done.said.split()) or f"ended with {done.status}"
        text = f"{' '.join((_name(command), *command[1:]))}: {why}"
        raise ProgramError(text, done.status, done.output, done.said)
    return done.output


def run_bounded(
    *command: str, timeout: float, most: int, environment: Mapping[str, str] | None = None
) -> Ended:
    """Runs a program that somebody else asked for, with all that it starts; whatever its status says.
    `environment`: the whole of it; None: ours.

    Raises ProgramError: it could not be started, or was killed with its children, because it took more than
    `timeout` seconds or wrote more than `most` bytes.
    """
    with _started(command, False, environment, False, alone=True) as process:
        try:
            return _attended(process, b"", timeout, most)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def follow_program(*command: str, line: Callable[[str], None]) -> int:
    """Calls `line` with each line of output and errors as it comes; returns how the program ended.

    It has all the time it needs, as its work may take an hour: whoever calls sees to it that it ends when it
    gets no further. Raises ProgramError: it cannot be started.
    """
    with _started(command, False, None, merged=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            line(text.decode(errors="replace"))
    return process.returncode


def _started(
    command: Sequence[str],
    has_data: bool,
    environment: Mapping[str, str] | None,
    merged: bool,
    alone: bool = False,
) -> "subprocess.Popen[bytes]":
    """`alone`: in a session, and so a group of processes, of its own."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if has_data else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            env=environment,
            start_new_session=alone,
        )
    except FileNotFoundError as error:
        raise ProgramMissing(f"{command[0]}: there is no such program: install it") from error
    except OSError as error:
        raise ProgramError(f"{command[0]}: cannot be started: {os.strerror(error.errno or 0)}") from error


def _attended(process: "subprocess.Popen[bytes]", data: bytes, timeout: float, most: int) -> Ended:
    """Raises ProgramError: it must be stopped."""
    written = {_OUT: bytearray(), _ERR: bytearray()}
    stopped = _attend(process, data, timeout, most, written)
    output, said = (bytes(part).decode(errors="replace") for part in written.values())
    if stopped:
        command = cast(Sequence[str], process.args)
        raise ProgramError(f"{_name(command)}: {stopped}", None, output, said)
    return Ended(process.returncode, output, said)


def _name(command: Sequence[str]) -> str:
    return Path(command[0]).name


def _attend(
    process: "subprocess.Popen[bytes]",
    data: bytes,
    timeout: float,
    most: int,
    written: Mapping[int, bytearray],
) -> str:
    """Feeds a program and collects what it writes; why it must be stopped, empty: it has ended by itself."""
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE, partial(_feed, io.BytesIO(data)))
        for number, pipe in ((_OUT, process.stdout), (_ERR, process.stderr)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, partial(_collect, written[number]))
        while selector.get_map() and (rest := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(rest):
                if not key.data(key.fd):
                    selector.unregister(key.fileobj)
                    cast(IO[bytes], key.fileobj).close()
            if sum(map(len, written.values())) > most:
                return f"it has written more than {most} bytes"
    try:
        process.wait(max(deadline - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return f"not done in {timeout:g} s"
    return ""


def _feed(data: io.BytesIO, pipe: int) -> bool:
    """Writes what the pipe takes now; False: all is written, or nobody reads any more."""
    chunk = data.read(_CHUNK)
    try:
        data.seek(os.write(pipe, chunk) - len(chunk), os.SEEK_CUR)
    except BrokenPipeError:
        return False
    return bool(chunk)


def _collect(written: bytearray, pipe: int) -> bool:
    """Reads what the pipe has now; False: that was all."""
    chunk = os.read(pipe, _CHUNK)
    written += chunk
    return bool(chunk)
