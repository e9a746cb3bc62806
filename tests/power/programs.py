"""The programs that look at a disk, and a partition of it as a file of its own for those that need one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware.lab.machine import require_program

PACKAGES = {
    **dict.fromkeys(("e2fsck", "debugfs"), "e2fsprogs"),
    "fsck.fat": "dosfstools",
    "mtype": "mtools",
    "sfdisk": "fdisk",
    "veritysetup": "cryptsetup-bin",
}
"""Which Debian package has a program."""


def run(program: str, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    """Runs one to its end, whatever its exit status."""
    command = [require_program(program, PACKAGES[program]), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False)


def output(*runs: "subprocess.CompletedProcess[bytes]") -> str:
    """What they said, as one line."""
    said = b" ".join(part for done in runs for part in (done.stdout, done.stderr))
    return " ".join(said.decode(errors="replace").split())[-600:]


@contextmanager
def copied(file: int, offset: int, size: int, folder: Path) -> Iterator[Path]:
    """A sparse copy of a stretch of an open image."""
    path = folder / "partition.img"
    try:
        with path.open("wb") as out:
            out.truncate(size)
            for start, end in _stretches(file, offset, offset + size):
                _copy(file, start, out.fileno(), start - offset, end - start)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _stretches(file: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        try:
            start = os.lseek(file, start, os.SEEK_DATA)
        except OSError:
            return  # Nothing but a hole up to the end of the file.
        if start >= end:
            return
        hole = min(os.lseek(file, start, os.SEEK_HOLE), end)
        yield start, hole
        start = hole


def _copy(source: int, at: int, target: int, to: int, size: int) -> None:
    while size:
        done = os.copy_file_range(source, target, size, at, to)
        if not done:
            raise OSError("the image ended")
        at, to, size = at + done, to + done, size - done
