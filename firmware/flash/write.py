"""Writes an image's ranges to a block device, and reads them back."""

import fcntl
import hashlib
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from firmware.build.disk import partition_offsets
from firmware.errors import FirmwareError
from firmware.flash.block_map import BlockMap, Range
from firmware.safe import own

_BLKZEROOUT = 0x127F
BLKFLSBUF = 0x1261
"""Forgets what is in memory of a block device, so that it is read from the device itself."""
_CHUNK = 1 << 20
_FAT16, _FAT16_AT = b"FAT16   ", 54
_FAT_NUMBER, _FAT_NUMBER_SIZE = 39, 4
"""BS_FilSysType and BS_VolID of Microsoft's FAT specification: offsets in the first sector."""
_SHOW = 0.5
"""Seconds between two lines of progress."""


class Progress:
    """How far one step is, how fast it goes, and how long it will take; on one line of a terminal."""

    def __init__(self, step: str, total: int) -> None:
        """`total`: bytes."""
        self._step, self._total, self._done = step, total, 0
        self._begun = time.monotonic()
        self._shown = 0.0

    def add(self, count: int) -> None:
        """So many bytes more are done."""
        self._done += count
        now = time.monotonic()
        if sys.stdout.isatty() and now - self._shown >= _SHOW:
            self._shown = now
            print(f"\r{self._line(now)}\x1b[K", end="", file=own(sys.stdout), flush=True)

    def end(self) -> None:
        """The step is done."""
        start, end = ("\r", "\x1b[K\n") if sys.stdout.isatty() else ("", "\n")
        print(start + self._line(time.monotonic()), end=end, file=own(sys.stdout), flush=True)

    def _line(self, now: float) -> str:
        seconds = max(now - self._begun, 0.001)
        speed = self._done / seconds
        line = f"{self._step:10}{self._done * 100 // max(self._total, 1):4} %  {speed / 1e6:7.1f} MB/s"
        left = (self._total - self._done) / speed if speed else 0.0
        return f"{line}  {left:4.0f} s left" if self._done < self._total else f"{line}  {seconds:6.1f} s"


def check_image(image: Path, block_map: BlockMap) -> None:
    """Unpacks the image once and writes nothing, so that no disk is erased for one that cannot be written.

    Raises FirmwareError: it is not that of the block map, or not whole.
    """
    progress = Progress("checking", block_map.mapped)
    try:
        for _, content, _ in _contents(image, block_map):
            progress.add(len(content))
    except _Damaged:
        raise _damaged(image, "nothing was written") from None
    progress.end()


def write_image(image: Path, block_map: BlockMap, device: int) -> None:
    """Writes the image; the first range last, so that a half-written disk does not boot.

    Args:
        image: compressed with zstd.
        block_map: of the image.
        device: open for writing.

    Raises:
        FirmwareError: the image is not that of the block map, or the device fails.
    """
    zeros = Progress("erasing", sum(length for _, length in block_map.gaps))
    for start, length in block_map.gaps:
        # What was on the disk must not be taken for a slot or a file system.
        for part in range(start, start + length, 64 * _CHUNK):
            count = min(64 * _CHUNK, start + length - part)
            fcntl.ioctl(device, _BLKZEROOUT, struct.pack("QQ", part, count))
            zeros.add(count)
    zeros.end()
    progress = Progress("writing", block_map.mapped)
    head = b""
    try:
        for offset, content, one in _contents(image, block_map):
            if one is block_map.ranges[0]:
                head += content
            else:
                _write(device, content, offset)
            progress.add(len(content))
    except _Damaged:
        raise _damaged(image, "the disk is half-written and does not boot") from None
    os.fsync(device)
    _write(device, head, block_map.ranges[0].start)
    os.fsync(device)
    progress.end()


def verify(block_map: BlockMap, device: int) -> None:
    """Reads what was written back from the device itself. Raises FirmwareError: it is something else."""
    fcntl.ioctl(device, BLKFLSBUF)
    progress = Progress("verifying", block_map.mapped)
    for one in block_map.ranges:
        digest = hashlib.sha256()
        for offset in range(one.start, one.start + one.length, _CHUNK):
            content = os.pread(device, min(_CHUNK, one.start + one.length - offset), offset)
            digest.update(content)
            progress.add(len(content))
        if digest.hexdigest() != one.sha256:
            raise FirmwareError(
                "what was read back is not what was written: the device is defective",
                f"bytes {one.start} to {one.start + one.length}",
                "use another one",
            )
    progress.end()


def give_own_number(device: int) -> None:
    """A random number for the ESP, by which GRUB tells this disk from others with the same image.

    Args:
        device: open for writing; it holds an image. What has no ESP where ours is stays as it is.
    """
    esp = partition_offsets()["esp"]
    if os.pread(device, len(_FAT16), esp + _FAT16_AT) == _FAT16:
        _write(device, os.urandom(_FAT_NUMBER_SIZE), esp + _FAT_NUMBER)
        os.fsync(device)


@contextmanager
def _unpacked(image: Path) -> Iterator[IO[bytes]]:
    with subprocess.Popen(
        ["zstd", "-dcq", str(image)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
    ) as unpacker:
        assert unpacker.stdout
        try:
            yield unpacker.stdout
        finally:
            unpacker.kill()


class _Damaged(Exception):
    """The image is not whole, or not that of the block map."""


def _contents(image: Path, block_map: BlockMap) -> Iterator[tuple[int, bytes, Range]]:
    """Offset and content of all that the block map names, and the range that it is of; each range is held
    against its checksum when it is through. Raises _Damaged."""
    with _unpacked(image) as stream:
        position = 0
        for one in block_map.ranges:
            _skip(stream, one.start - position)
            digest = hashlib.sha256()
            for offset, content in _chunks(stream, one):
                digest.update(content)
                yield offset, content, one
            if digest.hexdigest() != one.sha256:
                raise _Damaged
            position = one.start + one.length
        _skip(stream, block_map.size - position)


def _skip(stream: IO[bytes], count: int) -> None:
    while count:
        content = stream.read(min(count, _CHUNK))
        if not content:
            raise _Damaged
        count -= len(content)


def _chunks(stream: IO[bytes], one: Range) -> Iterator[tuple[int, bytes]]:
    """Offset and content."""
    offset, end = one.start, one.start + one.length
    while offset < end:
        content = stream.read(min(_CHUNK, end - offset))
        if not content:
            raise _Damaged
        yield offset, content
        offset += len(content)


def _write(device: int, content: bytes, offset: int) -> None:
    left = memoryview(content)
    while left:
        count = os.pwrite(device, left, offset)
        left, offset = left[count:], offset + count


def _damaged(image: Path, so: str) -> FirmwareError:
    return FirmwareError(
        f"the image is damaged, or is not that of its block map; {so}",
        str(image),
        "copy it again with its block map, or build it again",
    )
