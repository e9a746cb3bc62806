"""Files of the node: bounded reads, and writes that a power cut cannot tear."""

import contextlib
import ctypes
import os
import stat
from pathlib import Path

from hadaemon.io.errors import FileError

MAX_SIZE = 1 << 20
"""Bytes. No file of ours is larger; whatever is, is not ours."""


def read_text(path: Path, limit: int = MAX_SIZE) -> str | None:
    """The whole file; None: it does not exist."""
    try:
        # Never waits for the other end of a pipe that somebody has put there.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(f"{path}: is not a file")
            data = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    if len(data) > limit:
        raise FileError(f"{path}: larger than {limit} bytes: this is not one of our files")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: not UTF-8 text at byte {error.start}: save it as UTF-8") from error


def write_text(path: Path, text: str, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replaces the file in one step, durably. `owner` is (uid, gid); None: the process's own."""
    staged = path.with_name(f".{path.name}.new")
    try:
        # Made anew: nobody can have opened it, or have made it a link to somewhere else.
        with contextlib.suppress(FileNotFoundError):
            staged.unlink()
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error


def sync_folder(folder: Path) -> None:
    """Makes renames and removals in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(place: Path) -> None:
    """Makes everything durable that was written to this file system (syncfs(2)).

    Measured: 200 files one by one take 0.6 s, together 10 ms. Raises OSError, also for an earlier write.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
