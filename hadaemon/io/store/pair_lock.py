"""One administrator at a time: the lock of this node's configuration, with a note of who holds it.

The kernel lets it go when its holder dies, however that happens. The pair is locked by holding both nodes'.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hadaemon.io.errors import EdgeError, FileError
from hadaemon.sync.holder import Holder, holder_from_json, holder_to_json

LOCK = "config.lock"
_MAX_NOTE = 4096


class LockedError(EdgeError):
    """Somebody else is changing the configuration."""

    def __init__(self, node: str, holder: Holder) -> None:
        super().__init__(f"the configuration of {node} is being changed by {holder}: try again later")
        self.holder = holder


@contextmanager
def locked(folder: Path, node: str, holder: Holder) -> Iterator[None]:
    """Holds the lock; does not wait for it. Raises LockedError, FileError."""
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise FileError(f"{path}: {os.strerror(error.errno or 0)}") from error
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            note = os.pread(descriptor, _MAX_NOTE, 0).decode(errors="replace")
            raise LockedError(node, holder_from_json(note)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder_to_json(holder).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
