"""Snapshots of whole labs in the cache: disks, memory and secrets of nodes that have got somewhere.

A snapshot is a folder, named by everything that its nodes depend on, and never changed. It appears when it is
complete. A lab that begins with it links its files, so it may be thrown away at any time: the oldest ones are
when there are many. What is found damaged goes at once.
"""

import contextlib
import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware.lab.errors import MachineError
from firmware.lab.preseed import Secrets

MEMORY = "memory.zst"
"""In each node's folder: what QEMU has written, with a checksum of its own."""
LISTING = "snapshot.json"
"""In a snapshot's own folder: its secrets, and what its files must be."""
KEPT = 8
SPACE_NEEDED = 2 << 30
"""Bytes: more than the snapshot of a pair takes while it is written."""
_CHUNK = 1 << 20
_UNCHECKED = (MEMORY, "image.raw")
"""One has a checksum; of the other, its content is in the snapshot's name."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One that is complete."""

    folder: Path
    secrets: Secrets

    def lend(self, folder: Path) -> None:
        """Links its files into a new folder of a lab, on the same file system.

        Raises:
            MachineError: it is gone.
        """
        try:
            shutil.copytree(self.folder, folder, copy_function=os.link)
        except (OSError, shutil.Error) as error:
            raise MachineError(f"the snapshot cannot be read: {error}", str(self.folder)) from error


class Store:
    """The snapshots of one cache."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """Makes the folder; `say` tells the user what takes time or was thrown away."""
        self._folder = folder
        self._say = say
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    def find(self, key: str) -> Snapshot | None:
        """The snapshot of that name, if there is one and its files are as they were written."""
        folder = self._folder / key
        try:
            found = json.loads((folder / LISTING).read_text())
            if found["files"] == _sums(folder):
                os.utime(folder)
                return Snapshot(folder, Secrets(**found["secrets"]))
        except FileNotFoundError:
            if not folder.exists():
                return None
        except (ValueError, KeyError, TypeError):
            pass  # Damaged, as files of another content are.
        self._say("a snapshot in the cache is damaged; it is thrown away")
        self.drop(key)
        return None

    def keep(self, key: str, folder: Path, secrets: Secrets) -> Snapshot:
        """Makes a lab's folder the snapshot; what nobody needs to wake the nodes is left out.

        Raises:
            MachineError: it cannot be written, such as on a full disk.
        """
        try:
            self._complete(folder, secrets)
            self.drop(key)  # Whatever was left of a damaged one.
            folder.rename(self._folder / key)
        except OSError as error:
            raise MachineError(f"the snapshot cannot be kept: {error.strerror}", str(folder)) from error
        self._thin_out()
        return Snapshot(self._folder / key, secrets)

    def _complete(self, folder: Path, secrets: Secrets) -> None:
        for pattern in ("*.pcap", "*/qemu.log", "*/loaded", f"then/*/{MEMORY}"):
            for path in folder.glob(pattern):
                path.unlink()
        listing = folder / LISTING
        with os.fdopen(os.open(listing, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump({"secrets": asdict(secrets), "files": _sums(folder)}, file)

    def drop(self, key: str) -> None:
        """Throws one away."""
        shutil.rmtree(self._folder / key, ignore_errors=True)

    def make_space(self) -> bool:
        """Throws the oldest ones away until another one has space; says whether it has."""
        while shutil.disk_usage(self._folder).free < SPACE_NEEDED:
            if not (there := self._newest_first()):
                return False
            self.drop(there[-1].name)
        return True

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """While it is entered no other process makes one: labs that boot at once take each other's time."""
        with (self._folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say("another process makes a snapshot; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            os.set_inheritable(lock.fileno(), False)
            yield

    def _thin_out(self) -> None:
        for old in self._newest_first()[KEPT:]:
            self.drop(old.name)

    def _newest_first(self) -> list[Path]:
        folders = [path for path in self._folder.iterdir() if path.is_dir()]
        return sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True)


def _sums(folder: Path) -> dict[str, list[int]]:
    """Size and checksum of every file, by its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LISTING)
    with ThreadPoolExecutor() as together:
        sums = together.map(_sum, files)
    names = (str(path.relative_to(folder)) for path in files)
    return {name: [path.stat().st_size, crc] for name, path, crc in zip(names, files, sums, strict=True)}


def _sum(path: Path) -> int:
    """CRC-32; 0 of a file whose content is known to be right by other means."""
    checksum = 0
    if path.name not in _UNCHECKED:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                checksum = zlib.crc32(chunk, checksum)
    return checksum
