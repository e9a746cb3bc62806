"""A file from the peer by rsync, which sends only what differs from a file that is here already.

Both ends are started with fixed options: nothing that the other end says becomes an argument.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from hadaemon.io.errors import EdgeError

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
    command = [
        "/usr/bin/rsync",
        "--ignore-times",
        "--no-whole-file",
        f"--partial-dir={_PARTIAL}",
        f"--timeout={_SILENCE}",
    ]
    command += ["--info=progress2", "--stats", "--outbuf=L", f"--rsh={shell}", f"peer:{name}", str(target)]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            said = _follow(process, progress)
    except OSError as error:
        raise TransferError(f"rsync: {error}") from error
    received = _RECEIVED.search(said)
    if process.returncode != 0 or received is None:
        raise TransferError(f"{_fault(said)}; what came is kept: the same command goes on from there")
    return int(received[1].replace(",", ""))


def _follow(process: "subprocess.Popen[str]", progress: Callable[[int], None]) -> str:
    """Everything that it said but its progress."""
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        if found := _PERCENT.search(line):
            progress(int(found[1]))
        else:
            said.append(line)
    return "".join(said)


def _fault(said: str) -> str:
    if "No space left" in said:
        return "the disk is full"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    ours = [line for line in lines if not line.startswith("rsync")]
    return (ours or lines or ["rsync failed and does not say why"])[0]
