"""The preseed medium: a USB stick, CD or virtual drive with a known label."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import Preseed, render_used_preseed
from hadaemon.errors import HadaemonError
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import read_text, sync_folder, write_text

PRESEED = "preseed.toml"
_OPTIONS = {"vfat": "nosuid,nodev,noexec,fmask=0177,dmask=0077", "iso9660": "nosuid,nodev,noexec"}
_WAIT = 8.0
"""Seconds that an unconfigured node waits for a slow USB stick."""
_LOOK = 0.2


class MediumError(HadaemonError):
    """The medium is there and cannot be used."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A mounted preseed medium, read-only."""

    device: Path
    folder: Path

    def read(self) -> str:
        """The text of the preseed."""
        text = read_text(self.folder / PRESEED)
        if text is None:
            raise MediumError(f"{PRESEED}: not in the top folder of {self.device}")
        return text

    def retire(self, preseed: Preseed) -> None:
        """Leaves a copy without secrets in place of the preseed, where the medium can be written."""
        run_program("mount", "-o", "remount,rw", str(self.folder))
        write_text(
            self.folder / f"preseed-used-{preseed.node.name}.toml", render_used_preseed(preseed), 0o600
        )
        wipe(self.folder / PRESEED)
        sync_folder(self.folder)


def wipe(path: Path) -> None:
    """Overwrites a file in its place before it goes: whoever reads the medium's free space finds zeros.

    What a stick's own electronics have set aside is beyond anybody's reach.
    """
    with path.open("r+b") as file:
        file.write(bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def wait_for_device(by_label: Path, label: str) -> Path | None:
    """The device with the label; None: there is none, even after a while."""
    device = by_label / label
    run_program("udevadm", "settle", "--timeout=30", f"--exit-if-exists={device}")
    deadline = time.monotonic() + _WAIT
    while not device.exists():
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK)
    return device.resolve()


@contextmanager
def mounted(device: Path, folder: Path) -> Iterator[Medium]:
    """Mounts the device read-only in a private place."""
    kind = run_program("blkid", "-p", "-o", "value", "-s", "TYPE", str(device)).strip()
    if kind not in _OPTIONS:
        raise MediumError(f"{device}: has the file system {kind or 'unknown'}: FAT or ISO 9660 is wanted")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    run_program("mount", "-t", kind, "-o", f"ro,{_OPTIONS[kind]}", str(device), str(folder))
    try:
        yield Medium(device, folder)
    finally:
        run_program("umount", str(folder))
        folder.rmdir()
