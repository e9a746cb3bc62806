"""Partitions at the very end of a flashed disk, up to which the node's data grows: what is a node's own."""

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware.errors import FirmwareError
from firmware.flash.write import BLKFLSBUF, Progress

ALIGN = 1 << 20
_BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Addition:
    """A partition that is added."""

    name: str
    """Its PARTLABEL."""
    length: int
    """Bytes of the content."""
    chunks: Callable[[], Iterator[bytes]]
    """The content, from its beginning."""

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return -(-self.length // ALIGN) * ALIGN


def room(additions: tuple[Addition, ...]) -> int:
    """Bytes that they take, and the second partition table behind them."""
    return ALIGN + sum(one.size for one in additions)


def add_partitions(device: str, size: int, additions: tuple[Addition, ...]) -> None:
    """Writes them one before the other, and reads them back; only then each is in the partition table.

    Args:
        device: path of the flashed disk.
        size: of the disk, in bytes.
        additions: the first one is the last on the disk.

    Raises:
        FirmwareError: the partition table cannot be changed, or the disk is defective.
        OSError: the disk failed.
    """
    if additions:
        _sfdisk("--relocate", "gpt-bak-std", device)
    start = size // ALIGN * ALIGN - ALIGN
    for one in additions:
        start -= one.size
        _write(device, start, one)
        row = f"start={start // _SECTOR}, size={one.size // _SECTOR}, type={_BASIC_DATA}, name={one.name}\n"
        _sfdisk("--append", "--no-reread", device, stdin=row)


def _write(device: str, start: int, one: Addition) -> None:
    disk = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        progress = Progress(one.name, 2 * one.length)
        at = start
        for chunk in one.chunks():
            if os.pwrite(disk, chunk, at) != len(chunk):
                raise FirmwareError(f"the {one.name} could not be written", device)
            at += len(chunk)
            progress.add(len(chunk))
        os.fsync(disk)
        fcntl.ioctl(disk, BLKFLSBUF)
        at = start
        for chunk in one.chunks():
            if os.pread(disk, len(chunk), at) != chunk:
                raise FirmwareError(
                    f"the {one.name} that was read back is not what was written: the device is defective",
                    device,
                    "use another one",
                )
            at += len(chunk)
            progress.add(len(chunk))
        progress.end()
    finally:
        os.close(disk)


def _sfdisk(*arguments: str, stdin: str = "") -> None:
    command = ["sfdisk", "--quiet", "--lock=yes", "--wipe=never", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FirmwareError(f"sfdisk failed: {done.stderr.strip()}", " ".join(command))
