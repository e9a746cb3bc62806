"""The data partition after a power cut: its journal replayed as at the next start, then checked and read.

Everything happens on a copy, with e2fsck and debugfs.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware.lab.machine import require_program
from tests.power.errors import Fault

_REPAIRED_AT_BOOT = 1
"""Exit status of e2fsck -p, which the initrd runs: mended, and the node starts. From 4 on it does not."""

_TORN = "Superblock checksum does not match"
"""The initrd then has the sum made anew, and checks everything."""


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


def check(image: Path) -> None:
    """As the initrd does, then every structure. The image is changed. Raises Fault."""
    first = _run("e2fsck", "-p", str(image))
    if _TORN in first.stderr:
        _run("debugfs", "-w", "-n", "-R", "set_super_value mnt_count 1", str(image))
        first = _run("e2fsck", "-f", "-p", str(image))
    if first.returncode > _REPAIRED_AT_BOOT:
        raise Fault(f"e2fsck -p at the start would give up: {_told(first)}", "data partition")
    # What this one mends is no damage: the mark of a file system that was mounted, and files without a name
    # that were open. Anything else it leaves to the next one to find.
    second = _run("e2fsck", "-f", "-p", str(image))
    third = _run("e2fsck", "-f", "-n", str(image))
    if second.returncode > _REPAIRED_AT_BOOT or third.returncode:
        told = f"{_told(second)} {_told(third)}"
        raise Fault(f"is not whole after its journal was replayed: {told}", "data partition")


def extract(image: Path, folders: tuple[str, ...], target: Path) -> None:
    """Copies whole folders out of a file system that is whole. Raises Fault."""
    commands = target.with_name("debugfs.commands")
    commands.write_text("".join(f"rdump {folder} {target}\n" for folder in folders))
    done = _run("debugfs", "-f", str(commands), str(image))
    if done.returncode:
        raise Fault(f"cannot be read: {_told(done)}", "data partition")


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = require_program(program, "e2fsprogs")
    return subprocess.run([path, *arguments], capture_output=True, text=True, errors="replace", check=False)


def _told(done: "subprocess.CompletedProcess[str]") -> str:
    return " ".join(f"{done.stdout} {done.stderr}".split())[-600:]


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
