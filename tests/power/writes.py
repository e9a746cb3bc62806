"""The recording of a disk's writes, as QEMU's block driver `blklogwrites` makes it.

The format is that of Linux' dm-log-writes.

Everything is little-endian and in units of the sector size that the first sector names:

- sector 0: magic (u64, 0x6a736677736872), version (u64, 1), number of entries (u64), sector size (u32);
- then the entries, one after the other. Each begins with one sector: sector on the disk (u64), number of
  sectors (u64), flags (u64), length of a mark's text in bytes (u64); then come the sectors that were written.
  A discard has none; a mark has its text in the rest of its own sector;
- flags: 1 flush: what was written before is durable; 2 FUA: durable itself; 4 discard; 8 mark.

QEMU writes the number of entries down at each flush, so what follows the last flush does not count.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

from tests.power.errors import RecordingError

MAGIC = 0x6A736677736872
VERSION = 1
_SUPER = struct.Struct("<QQQL")
_ENTRY = struct.Struct("<QQQQ")


class Flag(IntFlag):
    """Of an entry."""

    FLUSH = 1
    FUA = 2
    DISCARD = 4
    MARK = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One order to the disk; offsets and sizes in bytes."""

    offset: int
    size: int
    """0: nothing but a flush."""
    flags: Flag
    at: int
    """Where its data is in the recording."""

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size


class Recording:
    """A recording that is complete, or still grows: only what was there when it was opened is read."""

    def __init__(self, path: Path) -> None:
        """Raises RecordingError for a file that is none."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise RecordingError(f"cannot be read: {error.strerror}", str(path)) from error
        head = os.pread(self._file, _SUPER.size, 0)
        if len(head) < _SUPER.size:
            raise RecordingError("is empty: the machine has not flushed its disk yet", str(path))
        magic, version, count, sector = _SUPER.unpack(head)
        self.count, self.sector = int(count), int(sector)
        if (magic, version) != (MAGIC, VERSION) or self.sector < _SUPER.size:
            raise RecordingError("is no recording of writes in the format of dm-log-writes", str(path))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def entries(self) -> Iterator[Entry]:
        """All of them, in the order in which the disk was told. Raises RecordingError when it is cut off."""
        at = self.sector
        for number in range(self.count):
            head = os.pread(self._file, _ENTRY.size, at)
            if len(head) < _ENTRY.size:
                raise RecordingError(f"is cut off at entry {number} of {self.count}", str(self.path))
            first, sectors, flags, _ = _ENTRY.unpack(head)
            if not flags | sectors or flags >= 2 * Flag.MARK:
                raise RecordingError(f"makes no sense at entry {number} of {self.count}", str(self.path))
            entry = Entry(first * self.sector, sectors * self.sector, Flag(flags), at + self.sector)
            yield entry
            at = entry.at + (0 if entry.flags & Flag.DISCARD else entry.size)

    def data(self, entry: Entry) -> bytes:
        """What was written; zeros for a discard, and where the file ends early: QEMU leaves zeros out."""
        if entry.flags & Flag.DISCARD:
            return bytes(entry.size)
        return os.pread(self._file, entry.size, entry.at).ljust(entry.size, b"\0")


def count_entries(path: Path) -> int:
    """How many entries a growing recording has, up to the last flush."""
    recording = Recording(path)
    recording.close()
    return recording.count
