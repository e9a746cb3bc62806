"""The disks of the lab's nodes: overlays on an image that stays as it is, and ways to damage them.

Everything goes through `qemu-img` and `qemu-io`, so that the copy-on-write format is theirs to know.
"""

import os
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from firmware.lab.errors import LabError, MachineError
from firmware.lab.machine import require_program

SECTOR = 512
GPT_MAGIC = b"EFI PART"
_DUMP_LINE = re.compile(r"^[0-9a-f]+:  ((?:[0-9a-f]{2} )+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Partition:
    """Where a partition lies, in bytes."""

    label: str
    offset: int
    size: int


def link_or_copy(image: Path, name: Path) -> None:
    """Gives an image a second name that outlives the first; across file systems it takes a sparse copy.

    Raises:
        LabError: the image is missing.
    """
    if not image.is_file():
        raise LabError("the image is missing", str(image), "Build it with: python3 invoke.py image")
    try:
        os.link(image.resolve(), name)
    except OSError:
        _run("qemu-img", "convert", "-f", "raw", "-O", "raw", str(image), str(name))


def create_overlay(base: Path, base_format: str, overlay: Path, size: str = "") -> None:
    """Makes a disk that starts as `base` and keeps its changes for itself.

    Args:
        base: an image nobody may write to while the overlay is in use. One of the same lab, whose folder is
            the one above the overlay's, is named relative to it: the lab's folder can move as a whole.
        base_format: `raw` or `qcow2`.
        overlay: the file to make.
        size: such as `4G`; empty: that of the base.

    Raises:
        MachineError: the overlay could not be made.
    """
    base, folder = base.resolve(), overlay.resolve().parent
    name = os.path.relpath(base, folder) if base.is_relative_to(folder.parent) else str(base)
    arguments = ["create", "-q", "-f", "qcow2", "-b", name, "-F", base_format, str(overlay)]
    _run("qemu-img", *arguments, *([size] if size else []))


def create_blank(disk: Path, size: str) -> None:
    """Makes an empty disk. Raises MachineError: it could not be made.

    Args:
        disk: the file to make.
        size: such as `4G`.
    """
    _run("qemu-img", "create", "-q", "-f", "qcow2", str(disk), size)


def partitions(disk: Path) -> tuple[Partition, ...]:
    """The partitions that the disk's GPT names.

    Raises:
        LabError: there is no GPT.
    """
    header = _read(disk, SECTOR, SECTOR)
    if header[:8] != GPT_MAGIC:
        raise LabError("there is no GPT", str(disk))
    first_sector, count, size = struct.unpack_from("<QLL", header, 72)
    table = _read(disk, first_sector * SECTOR, count * size)
    entries = (table[start : start + size] for start in range(0, count * size, size))
    return tuple(parse_entry(entry) for entry in entries if any(entry[:16]))


def partition(disk: Path, label: str) -> Partition:
    """The partition of that label.

    Raises:
        LabError: there is none.
    """
    found = partitions(disk)
    for candidate in found:
        if candidate.label == label:
            return candidate
    raise LabError(
        f"there is no partition {label!r}", str(disk), f"There are: {', '.join(p.label for p in found)}."
    )


def corrupt(disk: Path, label: str, offset: int, length: int) -> None:
    """Overwrites a stretch of a partition with 0xff; the node must be off."""
    start = partition(disk, label).offset + offset
    _qemu_io(disk, f"write -P 0xff {start} {length}")


def parse_entry(entry: bytes) -> Partition:
    """One entry of a GPT."""
    first, last = struct.unpack_from("<QQ", entry, 32)
    label = entry[56:128].decode("utf-16-le").rstrip("\0")
    return Partition(label, first * SECTOR, (last - first + 1) * SECTOR)


def _read(disk: Path, offset: int, length: int) -> bytes:
    dump = _qemu_io(disk, f"read -v {offset} {length}", "-r")
    return bytes.fromhex("".join(_DUMP_LINE.findall(dump)))


def _qemu_io(disk: Path, command: str, *options: str) -> str:
    return _run("qemu-io", "-f", "qcow2", *options, "-c", command, str(disk))


def _run(program: str, *arguments: str) -> str:
    path = require_program(program, "qemu-utils")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"{program} failed: {done.stderr.strip()}", " ".join(arguments))
    return done.stdout
