"""The journal, by its own protocol: a message with a priority and fields that programs can ask for.

See https://systemd.io/JOURNAL_NATIVE_PROTOCOL/. Never waits.
"""

import contextlib
import logging
import socket
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

_SOCKET = Path("/run/systemd/journal/socket")
_LEVELS = {
    0: logging.CRITICAL,
    1: logging.CRITICAL,
    2: logging.CRITICAL,
    3: logging.ERROR,
    4: logging.WARNING,
}


class Journal:
    """Where messages go; without a journal, to the process's own log."""

    def __init__(self, identifier: str, path: Path = _SOCKET) -> None:
        """`identifier` is the program's name in the log."""
        self._identifier = identifier
        self._path = path

    def write(self, message: str, priority: int, fields: Mapping[str, str]) -> None:
        """`priority` as syslog has it; the names of fields are upper case."""
        written = {
            "MESSAGE": message,
            "PRIORITY": str(priority),
            "SYSLOG_IDENTIFIER": self._identifier,
            **fields,
        }
        data = "".join(f"{name}={' '.join(value.splitlines())}\n" for name, value in written.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(data.encode(errors="replace"), str(self._path))
            return
        log.log(_LEVELS.get(priority, logging.INFO), "%s", message)


_SYSLOG = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Severities as the journal reads them from a line's prefix (sd-daemon(3))."""


class JournalFormatter(logging.Formatter):
    """`<severity>message`: the journal adds time and name."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, each of its lines with the prefix."""
        prefix = f"<{_SYSLOG.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())
