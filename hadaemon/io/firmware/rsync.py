"""A file from the peer by rsync, which sends only what differs from a file that is here already.

Both ends are started with fixed options: nothing that the other end says becomes an argument.
"""

import re
from collections.abc import Callable
from pathlib import Path

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import ProgramError, follow_program

_PERCENT = re.compile(r"\s(\d{1,3})%\s")
_RECEIVED = re.compile(r"Total bytes received: ([\d,]+)")
_SILENCE = 60
"""Seconds without a byte after which the other end counts as gone."""
_PARTIAL = ".partial"
"""The folder beside the file that keeps what came, when the connection breaks."""


class TransferError(EdgeError):
    """The file did not come; what came of it is kept for the next attempt."""


def sender_command(path: Path) -> tuple[str, ...]:
    """The other end: it reads this one file and writes none."""
    return ("/usr/bin/rsync", "--server", "--sender", "-e.LsfxCIvu", ".", str(path))


def fetch(shell: Path, name: str, target: Path, progress: Callable[[int], None]) -> int:
    """Makes `target` the peer's file of that name; returns how many bytes came. Raises TransferError.

    What `target` holds before is what the peer's file is compared with. `shell` is the program that connects.
    """
    # Builds of one commit have one size and may have one time: the content alone counts.
    options = ("--ignore-times", "--no-whole-file", f"--partial-dir={_PARTIAL}", f"--timeout={_SILENCE}")
    report = ("--info=progress2", "--stats", "--outbuf=L")
    said: list[str] = []

    def hear(line: str) -> None:
        if found := _PERCENT.search(line):
            progress(int(found[1]))
        else:
            said.append(line)

    ends = (f"--rsh={shell}", f"peer:{name}", str(target))
    try:
        status = follow_program("/usr/bin/rsync", *options, *report, *ends, line=hear)
    except ProgramError as error:
        raise TransferError(str(error)) from error
    text = "".join(said)
    received = _RECEIVED.search(text)
    if status != 0 or received is None:
        raise TransferError(f"{_fault(text)}; what came is kept: the same command goes on from there")
    return int(received[1].replace(",", ""))


def _fault(said: str) -> str:
    if "No space left" in said:
        return "the disk is full"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    ours = [line for line in lines if not line.startswith("rsync")]
    return (ours or lines or ["rsync failed and does not say why"])[0]
