"""The last sequence of each sender, exact to the packet, in a folder in memory: it outlives the daemon,
however that ended, but not a reboot.

Each sender has one record, which is overwritten in place: that waits for no disk, and costs some
microseconds. The file counts only in the boot whose id it begins with, wherever it is.
"""

import os
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from hadaemon.io.errors import FileError
from hadaemon.vrrp import NO_MARKS, Marks, Sender

FILE: Final = "sequences"
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_HEAD_SIZE: Final = 16
_RECORD: Final = struct.Struct("!BB6x16sQ")
"""VRID, family, source padded with zeros, sequence."""
_MAX_SIZE: Final = 1 << 20


class MarkFile:
    """Opened by `load`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._file: int | None = None
        self._places: dict[Sender, int] = {}

    def load(self) -> Marks:
        """What an earlier daemon of this boot left; raises FileError when nothing can be kept here."""
        try:
            boot = bytes.fromhex(_BOOT_ID.read_text().strip().replace("-", ""))
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
            content = os.pread(self._file, _MAX_SIZE, 0)
            if content[:_HEAD_SIZE] != boot:
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, boot, 0)
                return NO_MARKS
            marks = dict(_records(content))
            self._places = {sender: _place(number) for number, sender in enumerate(marks)}
            os.ftruncate(self._file, _place(len(marks)))
        except (OSError, ValueError) as error:
            raise self._given_up(error) from error
        return marks

    def put(self, sender: Sender, sequence: int) -> None:
        """Keeps it. Raises FileError once, and from then on keeps nothing."""
        if self._file is None:
            return
        vrid, source = sender
        place = self._places.setdefault(sender, _place(len(self._places)))
        try:
            os.pwrite(self._file, _RECORD.pack(vrid, source.version, source.packed, sequence), place)
        except OSError as error:
            raise self._given_up(error) from error

    def close(self) -> None:
        """Leaves the file to the next daemon."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _given_up(self, error: Exception) -> FileError:
        """Removes the file: what is no longer kept up to date must not be believed later."""
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as left:
            error = left
        return FileError(f"{self._path}: cannot be kept: {error}")


def _place(number: int) -> int:
    return _HEAD_SIZE + number * _RECORD.size


def _records(content: bytes) -> Iterator[tuple[Sender, int]]:
    """Each sender once, in the place that it keeps."""
    whole = (len(content) - _HEAD_SIZE) // _RECORD.size
    for number in range(whole):
        vrid, family, source, sequence = _RECORD.unpack_from(content, _place(number))
        address = IPv4Address(source[:4]) if family == 4 else IPv6Address(source)
        yield (vrid, address), sequence
