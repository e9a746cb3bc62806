"""A FAT file system, read by mtools and checked by fsck.fat. Nothing is ever written."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.power.errors import Fault
from tests.power.programs import output, run

_NO_FAULT = re.compile(
    r"fsck\.fat \d|.*: \d+ files, \d+/\d+ clusters$|Leaving filesystem unchanged|"
    r"Dirty bit is set\.|\s*Automatically removing dirty bit"
)
"""The mark of a file system that was mounted is one that the next start finds after each power cut."""


def content(image: Path, path: str, name: str, offset: int = 0) -> bytes:
    """The content of a file, such as `/grub/grubenv`; upper and lower case are the same. Raises Fault.

    `offset`: where in the image the file system begins; `name`: of its partition.
    """
    done = run("mtype", "-i", f"{image}@@{offset}", f"::{path}")
    if done.returncode:
        raise Fault(f"has no {path}: {output(done)}", name)
    return done.stdout


def faults(image: Path, name: str) -> Iterator[str]:
    """What is wrong with a file system that fills the image."""
    done = run("fsck.fat", "-n", image)
    said = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
    wrong = [line.strip() for line in said if not _NO_FAULT.match(line)]
    if wrong or done.stderr:
        yield f"{name}: {' '.join([*wrong, done.stderr.decode(errors='replace').strip()])}"
