"""Disks and their partition tables: util-linux's programs, and the kernel's orders for block devices."""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import run_program
from hadaemon.text.reading import read_json

_BLKDISCARD = 0x1277
_BLKZEROOUT = 0x127F
_BLKFLSBUF = 0x1261
_FIBMAP, _FIGETBSZ = 1, 2
_SYSFS_SECTOR = 512
"""Bytes, whatever the disk's own sectors have."""
_INT = struct.Struct("i")
_RANGE = struct.Struct("QQ")
"""Start and length, in bytes."""


class DiskError(EdgeError):
    """A disk refused or failed."""


def list_block_devices(columns: str, *paths: str) -> list[dict[str, Any]]:
    """lsblk's rows: those of disks, with what is on them as their children."""
    # Without the column NAME there is no tree unless it is asked for: partitions would be rows of their own.
    text = run_program("lsblk", "--json", "--tree", "--bytes", "--output", columns, *paths)
    rows: list[dict[str, Any]] = read_json(text)["blockdevices"]
    return rows


def disk_of(partition: Path) -> str:
    """The path of the disk that a partition is on; empty: there is no such partition."""
    try:
        device = partition.resolve(strict=True)
        return f"/dev/{Path('/sys/class/block', device.name).resolve(strict=True).parent.name}"
    except OSError:
        return ""


def start_of(partition: Path) -> int:
    """Where a partition begins on its disk, in bytes. Raises DiskError: there is no such partition."""
    try:
        name = partition.resolve(strict=True).name
        return int(Path("/sys/class/block", name, "start").read_text(encoding="ascii")) * _SYSFS_SECTOR
    except (OSError, ValueError) as error:
        raise DiskError(f"{partition}: this is no partition: {error}") from error


def read_table(disk: str) -> dict[str, Any]:
    """sfdisk's `partitiontable`."""
    table: dict[str, Any] = read_json(run_program("sfdisk", "--json", disk))["partitiontable"]
    return table


def write_table(disk: str, script: str) -> None:
    """Writes a new table. The kernel notices it when the disk is closed."""
    command = (
        *("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel"),
        *("--wipe", "never", "--wipe-partitions", "never", disk),
    )
    run_program(*command, data=script.encode())


@contextmanager
def opened_alone(disk: str) -> Iterator[int]:
    """For writing, as long as nobody else uses any part of it. Raises DiskError: somebody does."""
    try:
        descriptor = os.open(disk, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        todo = "something uses it" if error.errno == errno.EBUSY else os.strerror(error.errno or 0)
        raise DiskError(f"{disk} cannot be opened: {todo}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def discard(disk: int, length: int) -> None:
    """Tells a disk that nothing on it is needed any more. A disk that does not know this order stays as it
    is."""
    try:
        fcntl.ioctl(disk, _BLKDISCARD, _RANGE.pack(0, length))
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL):
            raise


def zero(disk: int, start: int, length: int) -> None:
    """Writes zeros, in bytes."""
    fcntl.ioctl(disk, _BLKZEROOUT, _RANGE.pack(start, length))


def forget_cached(device: int) -> None:
    """Writes what is in memory of it and drops that, so that it is then read from the device itself."""
    os.fsync(device)
    fcntl.ioctl(device, _BLKFLSBUF)


def place_of(file: Path, size: int) -> int:
    """Where a file lies in its file system, in bytes. Raises DiskError: it is in pieces, or not there."""
    try:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            unit = _INT.unpack(fcntl.ioctl(opened, _FIGETBSZ, _INT.pack(0)))[0]
            count = -(-size // unit)
            blocks = [_INT.unpack(fcntl.ioctl(opened, _FIBMAP, _INT.pack(at)))[0] for at in range(count)]
    except OSError as error:
        raise DiskError(f"{file}: {os.strerror(error.errno or 0)}") from error
    if 0 in blocks or blocks != list(range(blocks[0], blocks[0] + count)):
        raise DiskError(f"{file}: it does not lie in one piece")
    return int(blocks[0] * unit)
