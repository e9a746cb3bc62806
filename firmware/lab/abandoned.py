"""What labs have left behind that were killed: nobody else could remove it.

Each lab holds a lock beside its folder, of which the kernel lets go when its process ends, however it ends.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_SUFFIX = ".lock"


class Claim:
    """The places of one lab, from `take` to `give_up`."""

    def __init__(self, folder: Path, name: str, keep: bool = False) -> None:
        """`folder`: that of all labs. `keep`: the lab's own is to stay."""
        self.folder = folder / f"run-{name}"
        self.sockets = sockets_of(name)
        self._lock = folder / f"run-{name}{_SUFFIX}"
        self._keep = keep
        self._file: int | None = None

    def take(self) -> None:
        """Makes them."""
        self._file = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        for place in (self.folder, self.sockets):
            place.mkdir(0o700)

    def give_up(self) -> None:
        """Removes what there is of them."""
        _remove(self._lock, self.sockets, None if self._keep else self.folder)
        if self._file is not None:
            os.close(self._file)
            self._file = None


def sockets_of(name: str) -> Path:
    """A short path: that of a Unix socket has at most 107 characters."""
    return Path(tempfile.gettempdir()) / f"hotspare-{name}"


def sweep(folder: Path) -> None:
    """Removes what is there of labs of which no process runs any more."""
    for lock in folder.glob(f"run-*{_SUFFIX}"):
        try:
            file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # It has gone meanwhile.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            name = lock.name.removeprefix("run-").removesuffix(_SUFFIX)
            _remove(lock, sockets_of(name), folder / f"run-{name}")
        except OSError:
            continue  # Its lab is there.
        finally:
            os.close(file)


def _remove(lock: Path, *folders: Path | None) -> None:
    """The lock last, so that what a signal interrupts is swept later."""
    for folder in folders:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)
