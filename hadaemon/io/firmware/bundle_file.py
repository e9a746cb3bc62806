"""A bundle as a file: its parts by RAUC's layout, its copies and its names, and what a slot holds."""

import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from hadaemon.io.errors import EdgeError, FileError
from hadaemon.io.store.files import sync_folder
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
    """Compares its whole content with its signed manifest. Raises UpgradeError, FileError."""
    try:
        with path.open("rb", buffering=0) as file:
            descriptor = file.fileno()
            payload = _payload_size(descriptor, bundle)
            check_payload(bundle, name, payload, lambda at, count: os.pread(descriptor, count, at), progress)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error


def copy_bundle(source: str, target: Path, bundle: Bundle, progress: Percent) -> None:
    """Makes a copy, and compares it with its signed manifest while it reads; does not wait for the disk.

    Raises BundleError, UpgradeError; then there is no copy.
    """
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BundleError(f"{source}: {_plain(error)}") from error
    with os.fdopen(descriptor, "rb", buffering=0):
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BundleError(f"{source}: is not a file")
        check_space(target.parent, found.st_size)
        try:
            _copy(descriptor, found.st_size, target, bundle, source, progress)
        except OSError as error:
            raise BundleError(f"{target}: cannot be written: {_plain(error)}; nothing was changed") from error


def link_bundle(source: Path, target: Path) -> None:
    """A second name for a file that nobody writes to any more. Raises FileError."""
    try:
        os.link(source, target)
    except OSError as error:
        raise FileError(f"{target}: cannot be made: {_plain(error)}") from error


def put(staged: Path, place: Path) -> None:
    """Gives a file its name once its content is on the disk, and makes the name durable too. Raises
    FileError.

    When both are names of one file, rename(2) leaves both: then the first one is removed.
    """
    try:
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        staged.replace(place)
        staged.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{place}: cannot be written: {_plain(error)}") from error
    sync_folder(place.parent)


def has_space(kept: Path, source: Path) -> bool:
    """Whether a copy of another bundle can be made beside one that is kept."""
    try:
        return not kept.exists() or _free(kept.parent) >= source.stat().st_size + _SPARE
    except OSError:
        return True  # Whoever reads it reports what is wrong.


def check_space(folder: Path, size: int) -> None:
    """Raises BundleError."""
    free = _free(folder)
    if free < size + _SPARE:
        raise BundleError(
            f"{folder}: the disk is full: the update needs {(size + _SPARE) >> 20} MiB, "
            f"{free >> 20} MiB are free"
        )


def _free(folder: Path) -> int:
    there = os.statvfs(folder)
    return there.f_bavail * there.f_frsize


def _payload_size(descriptor: int, bundle: Bundle) -> int:
    """By the layout: payload, verity tree, signature, and the signature's length."""
    size = os.fstat(descriptor).st_size
    signature = int.from_bytes(os.pread(descriptor, _LENGTH, size - _LENGTH), "big")
    return size - _LENGTH - signature - bundle.verity.size


def _copy(source: int, size: int, target: Path, bundle: Bundle, name: str, progress: Percent) -> None:
    try:
        with target.open("wb", buffering=0) as out:

            def copied(at: int, count: int) -> bytes:
                data = os.pread(source, count, at)
                view, place = memoryview(data), at
                while view:
                    written = os.pwrite(out.fileno(), view, place)
                    view, place = view[written:], place + written
                return data

            payload = _payload_size(source, bundle)
            check_payload(bundle, name, payload, copied, progress)
            for at in range(payload, size, _CHUNK):
                copied(at, min(_CHUNK, size - at))
            # The disk begins to write it meanwhile.
            os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


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
