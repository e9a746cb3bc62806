"""conntrackd's control socket, each request bounded in time, and the kernel's number of connections.

Not by its command: starting a process suspends this one until it runs, and a busy machine misses deadlines.
"""

import asyncio
import os
import re
import struct
from pathlib import Path

from hadaemon.conntrack.conntrackd_conf import ConntrackdFiles
from hadaemon.conntrack.course import CourseStep
from hadaemon.io.errors import EdgeError

STATISTICS = "statistics"
REQUESTS = {
    CourseStep.LEARN: 44,
    CourseStep.SEND: 22,
    CourseStep.EMPTY: 43,
    CourseStep.ASK: 23,
    STATISTICS: 21,
}
"""The numbers that the options -R, -B, -F, -n and -s send; a test compares them with conntrackd itself."""
_REQUEST = struct.Struct("=i")
_MAX_ANSWER = 1 << 16
_TIMEOUT = 10.0
"""Seconds for an order: learning 200,000 entries takes one."""
_COUNT = Path("/proc/sys/net/netfilter/nf_conntrack_count")
_MAXIMUM = Path("/proc/sys/net/netfilter/nf_conntrack_max")
_ERRORS = {
    "states that could not be injected": r"connections (?:created|updated):\s+\d+\s+failed:\s+(\d+)",
    "messages that could not be sent": r"(\d+) Error send",
    "messages that could not be received": r"(\d+) Error recv",
    "malformed messages": r"(\d+) Malformed msgs",
    "lost messages": r"(\d+) Lost msgs",
}


class ConntrackdError(EdgeError):
    """conntrackd is missing, does not run, or does not answer."""


class Conntrackd:
    """The conntrackd that listens at a socket in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def places(self) -> ConntrackdFiles:
        """Where conntrackd puts its own files."""
        return ConntrackdFiles(str(self._folder / "control.sock"), str(self._folder / "lock"))

    def life(self) -> tuple[int, int] | None:
        """Different after each start; None: it does not run, or has left nothing behind."""
        try:
            found = Path(self.places.socket).stat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    async def order(self, step: CourseStep) -> None:
        """Carries out one order to its end. Raises ConntrackdError."""
        await self._ask(step)

    async def errors(self) -> dict[str, int]:
        """What went wrong since its start, by kind; a sign of life, too. Raises ConntrackdError."""
        text = await self._ask(STATISTICS)
        if "cache internal" not in text:
            raise ConntrackdError("conntrackd: its answer cannot be understood")
        sums = {what: sum(map(int, re.findall(pattern, text))) for what, pattern in _ERRORS.items()}
        return {what: count for what, count in sums.items() if count}

    async def _ask(self, what: str) -> str:
        """Sends a request and reads the answer until conntrackd, or a child of it that does the work, hangs
        up."""
        answer = b""
        try:
            async with asyncio.timeout(_TIMEOUT):
                reader, writer = await asyncio.open_unix_connection(self.places.socket)
                try:
                    writer.write(_REQUEST.pack(REQUESTS[what]))
                    while (part := await reader.read(_MAX_ANSWER)) and len(answer) < _MAX_ANSWER:
                        answer += part
                finally:
                    writer.close()
        except TimeoutError:
            raise ConntrackdError(f"conntrackd: {what}: no answer within {_TIMEOUT:g} s") from None
        except OSError as error:
            raise ConntrackdError(f"conntrackd: {what}: {os.strerror(error.errno or 0)}") from error
        return answer.decode(errors="replace")


def connections() -> int | None:
    """Entries in the kernel's table; None: there is no such table."""
    return _number(_COUNT)


def most_connections() -> int:
    """How many the kernel's table may have; 0: there is no such table."""
    return _number(_MAXIMUM) or 0


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
