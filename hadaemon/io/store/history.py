"""The history of a node on disk: one JSON object a line, in two files that take turns.

Survives power cuts: a line is durable when `append` returns, and a line that was torn is dropped by whoever
reads. Blocking: the daemon appends in its background thread, and `hactl` reads without the daemon.
"""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import sync_folder
from hadaemon.text.reading import read_json

FILE = "history.jsonl"
OLDER_FILE = "history.1.jsonl"
MAX_SIZE = 256 * 1024
"""Bytes of one file; at about 200 a change, the two keep the last 1,300 to 2,600 changes."""
_TAIL = 16 * 1024
"""Bytes at the end of a file that hold at least one whole entry."""
_MODE = 0o640


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of state; or what happened beside, where `before` and `after` are the same."""

    time: str
    """When, ISO 8601 in UTC: the node's clock, which may have been wrong or have jumped."""
    before: str
    after: str
    """States of the node."""
    reason: str
    seconds: float | None
    """How long it was in the state before; None: that is not known, or the state is the same."""


class History:
    """The two files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE

    def append(self, entry: Entry) -> None:
        """Adds one line, durably."""
        line = json.dumps(dataclasses.asdict(entry), ensure_ascii=False).encode() + b"\n"
        try:
            self._folder.mkdir(mode=0o750, exist_ok=True)
            if self._size() + len(line) > MAX_SIZE:
                self._file.replace(self._folder / OLDER_FILE)
            is_new = not self._file.exists()
            descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                os.fchmod(descriptor, _MODE)
                file.write(b"\n" + line if _torn(descriptor) else line)
                os.fdatasync(descriptor)
            if is_new:
                sync_folder(self._folder)
        except OSError as error:
            raise FileError(f"{self._file}: cannot be written: {os.strerror(error.errno or 0)}") from error

    def read(self) -> list[Entry]:
        """Every whole entry, oldest first. Raises FileError; files that are not there are empty."""
        return [*_entries(self._folder / OLDER_FILE), *_entries(self._file)]

    def last(self) -> Entry | None:
        """The newest whole entry, without reading all of them."""
        for path in (self._file, self._folder / OLDER_FILE):
            found = list(_entries(path, tail=_TAIL))
            if found:
                return found[-1]
        return None

    def _size(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self._file.stat().st_size
        return 0


def _torn(descriptor: int) -> bool:
    """The last line has no end: power was cut while it was written."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _entries(path: Path, tail: int = 2 * MAX_SIZE) -> Iterator[Entry]:
    """The whole entries among the last `tail` bytes of a file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - tail))
            data = file.read(tail)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    for line in data.splitlines():
        entry = parse(line)
        if entry is not None:
            yield entry


def parse(line: bytes) -> Entry | None:
    """One line; None: torn, or not ours. Fields that a newer version added are left out."""
    try:
        found = read_json(line)
        time, before, after, reason = (found[name] for name in ("time", "before", "after", "reason"))
        seconds = found["seconds"]
    except (ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(text, str) for text in (time, before, after, reason)):
        return None
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        return None
    return Entry(time, before, after, reason, seconds)
