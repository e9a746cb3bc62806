"""A bundle as a file: its parts by RAUC's layout, a copy that is on the disk, and what a slot holds."""

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from hadaemon.io.errors import EdgeError, FileError
from hadaemon.io.files import sync_folder
from hadaemon.upgrade.bundle import Bundle, check_payload

Percent = Callable[[int], None]

_CHUNK = 1 << 20
_LENGTH = 8
"""Bytes at the end of a bundle: the length of its signature, most significant byte first."""
_SPARE = 16 << 20
"""Bytes that must stay free on the data partition."""
_BLKFLSBUF = 0x1261


class BundleError(EdgeError):
    """A bundle's file cannot be used."""


def check_whole(path: Path, bundle: Bundle, name: str, progress: Percent = lambda _: None) -> None:
    """Holds its whole content against its signed manifest. Raises UpgradeError, FileError."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            signature = int.from_bytes(os.pread(file.fileno(), _LENGTH, size - _LENGTH), "big")
            payload = size - _LENGTH - signature - bundle.verity.size
            check_payload(
                bundle, name, payload, lambda at, count: os.pread(file.fileno(), count, at), progress
            )
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error


def copy_bundle(source: str, target: Path, progress: Percent) -> None:
    """A durable copy. Raises BundleError; then there is none."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BundleError(f"{source}: {_plain(error)}") from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BundleError(f"{source}: is not a file")
        check_space(target.parent, found.st_size)
        try:
            _copy(file.fileno(), found.st_size, target, progress)
        except OSError as error:
            target.unlink(missing_ok=True)
            raise BundleError(f"{target}: cannot be written: {_plain(error)}; nothing was changed") from error


def link_bundle(source: Path, target: Path) -> None:
    """A second name for a file that nobody writes to any more, and that is on the disk. Raises FileError."""
    try:
        settle(source)
        os.link(source, target)
    except OSError as error:
        raise FileError(f"{target}: cannot be made: {_plain(error)}") from error


def settle(path: Path) -> None:
    """What a file holds is on the disk, not only in memory. Raises OSError."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def check_space(folder: Path, size: int) -> None:
    """Raises BundleError."""
    there = os.statvfs(folder)
    free = there.f_bavail * there.f_frsize
    if free < size + _SPARE:
        raise BundleError(
            f"{folder}: the disk is full: the update needs {(size + _SPARE) >> 20} MiB, "
            f"{free >> 20} MiB are free"
        )


def _copy(source: int, size: int, target: Path, progress: Percent) -> None:
    with target.open("wb", buffering=0) as out:
        done = 0
        while chunk := os.read(source, _CHUNK):
            view = memoryview(chunk)
            while view:
                view = view[out.write(view) :]
            done += len(chunk)
            progress(min(100, 100 * done // max(size, 1)))
        os.fsync(out.fileno())
    sync_folder(target.parent)


def check_readable(device: Path, what: str) -> None:
    """Raises BundleError when a slot's partition is not there, or its first and last block cannot be read."""
    try:
        with device.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            for place in (0, max(0, size - _CHUNK)):
                file.seek(place)
                file.read(_CHUNK)
    except OSError as error:
        raise BundleError(f"{what} ({device}) cannot be read: {_plain(error)}") from error


def slot_digest(device: Path, size: int, progress: Percent) -> str:
    """SHA-256 of what the disk itself holds, not of what is still in memory. Raises FileError."""
    try:
        with device.open("rb", buffering=0) as file:
            if stat.S_ISBLK(os.fstat(file.fileno()).st_mode):
                os.fsync(file.fileno())
                fcntl.ioctl(file.fileno(), _BLKFLSBUF, 0)
            hashing, left, buffer = hashlib.sha256(), size, memoryview(bytearray(_CHUNK))
            while left and (count := file.readinto(buffer[: min(left, _CHUNK)])):
                hashing.update(buffer[:count])
                left -= count
                progress(100 * (size - left) // size)
            return hashing.hexdigest()
    except OSError as error:
        raise FileError(f"{device}: cannot be read: {_plain(error)}") from error


def _plain(error: OSError) -> str:
    return "the disk is full" if error.errno == errno.ENOSPC else os.strerror(error.errno or 0)
