"""Disks of the lab's nodes, looked at and damaged while the node is off."""

import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware.lab.errors import LabError
from tests.power import gpt
from tests.power.errors import Fault
from tests.power.gpt import Partition

_HEAD = 1 << 20
"""Bytes at the beginning of a disk that hold its partition table."""


def create_blank(disk: Path, size: str) -> None:
    """Makes an empty disk; `size`: such as `4G`."""
    _run("qemu-img", "create", "-q", "-f", "qcow2", str(disk), size)


def partitions(disk: Path) -> tuple[Partition, ...]:
    """The partitions that the disk's GPT names. Raises LabError: there is no GPT."""
    with TemporaryDirectory() as folder:
        head = Path(folder) / "head.img"
        size = json.loads(_run("qemu-img", "info", "--output=json", str(disk)))["virtual-size"]
        copy = ("-f", "qcow2", "-O", "raw", f"bs={_HEAD}", "count=1", f"if={disk}", f"of={head}")
        _run("qemu-img", "dd", *copy)
        os.truncate(head, size)
        try:
            return tuple(gpt.partitions(head).values())
        except Fault as fault:
            raise LabError(f"there is no GPT: {fault.what}", str(disk)) from None


def partition(disk: Path, label: str) -> Partition:
    """The partition of that label. Raises LabError: there is none."""
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
    _run("qemu-io", "-f", "qcow2", "-c", f"write -P 0xff {start} {length}", str(disk))


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
