"""The disk of an instant, made from the one before the recording: one sparse image that only goes forward.

What a cut keeps after the last flush is written for the time of its check, and taken back.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.power.cuts import Cut
from tests.power.writes import Entry, Flag, Recording


class Replay:
    """`disk` is a raw image of our own, as it was before the first entry."""

    def __init__(self, disk: Path, recording: Recording, entries: Sequence[Entry]) -> None:
        self.disk = disk
        self._recording = recording
        self._entries = entries
        self._done = 0
        self._stamps: dict[int, int] = {}
        self._stamp = 0
        self._file = os.open(disk, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        """Closes the image, as far as it is."""
        os.close(self._file)

    @property
    def file(self) -> int:
        """The image, to look at."""
        return self._file

    def read(self, offset: int, size: int) -> bytes:
        """A stretch of the image."""
        return os.pread(self._file, size, offset)

    def forward(self, index: int) -> None:
        """Does all entries before `index`."""
        for entry in self._entries[self._done : index]:
            self._write(entry, entry.size)
        self._done = max(self._done, index)

    @contextmanager
    def at(self, cut: Cut) -> Iterator[None]:
        """The disk is as `cut` leaves it. The cuts come in their order."""
        self.forward(cut.interval.before)
        before = []
        for kept in cut.kept:
            entry = self._entries[kept.index]
            before.append((entry, os.pread(self._file, kept.size, entry.offset)))
            self._write(entry, kept.size)
        try:
            yield
        finally:
            for entry, data in reversed(before):
                os.pwrite(self._file, data, entry.offset)
                self._touch(entry.offset, len(data))

    def stamp(self, offset: int, size: int) -> int:
        """Another number means that this stretch of the disk may hold something else."""
        regions = range(offset // _REGION, (offset + size - 1) // _REGION + 1)
        return max((self._stamps.get(region, 0) for region in regions), default=0)

    def _write(self, entry: Entry, size: int) -> None:
        if not size:
            return
        if entry.flags & Flag.DISCARD:
            # What is read after a discard is the disk's choice: zeros here.
            _write_zeros(self._file, entry.offset, size)
        else:
            os.pwrite(self._file, self._recording.data(entry)[:size], entry.offset)
        self._touch(entry.offset, size)

    def _touch(self, offset: int, size: int) -> None:
        self._stamp += 1
        for region in range(offset // _REGION, (offset + size - 1) // _REGION + 1):
            self._stamps[region] = self._stamp


_REGION = 1 << 20
"""Bytes. Partitions begin and end at such bounds."""


def _write_zeros(file: int, offset: int, size: int) -> None:
    step = 1 << 20
    for start in range(offset, offset + size, step):
        os.pwrite(file, bytes(min(step, offset + size - start)), start)
