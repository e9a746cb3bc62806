"""Run one outside command for a stage: output into the stage's log, failures as one clear message."""

import errno
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from firmware.errors import FirmwareError

TAIL_LINES = 15

# What tools print, and what it means to the user. The first match in a failed command's output speaks.
NO_SPACE = re.compile(r"No space left on device|You don't have enough free space in")
FULL = 1 << 20
"""Bytes: a disk with less free space counts as full."""

KNOWN_FAILURES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(
            r"E: Unable to locate package (?P<name>\S+)|E: Package '(?P<other>\S+)' has no installation"
        ),
        "package {name} does not exist in the Debian suite",
        "correct the name in the board's `packages` file, or use another mirror (--mirror)",
    ),
    (
        re.compile(
            r"(Temporary failure resolving|Could not resolve|Could not connect|Connection timed out"
            r"|Network is unreachable|Connection refused)"
        ),
        "the package mirror cannot be reached",
        "check the network and the host's apt sources, or name a mirror that answers with --mirror",
    ),
    (
        re.compile(r"(does not have a Release file|404 +Not Found)"),
        "the mirror does not have what was asked for",
        "check --mirror (its base URL is the folder that has `dists/`), or try again with --fresh",
    ),
    (
        re.compile(r"signature verification failed: Verify error: *(?P<name>[^\n]+)"),
        "no node with this image would take its own bundle: {name}",
        "name a certificate that may sign, and a keyring that it leads to (--cert, --keyring): "
        "docs/building.md says how they are made",
    ),
    (
        re.compile(r"(NO_PUBKEY|is not signed|Missing key|signature verification failed)", re.IGNORECASE),
        "the mirror's signature could not be verified",
        "upgrade the host's debian-archive-keyring package",
    ),
)


def run(
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    feed: Iterable[bytes | memoryview] = (),
) -> str:
    """Run `command` with `feed` as its input, append its output to `log` and return its standard output.

    Raises `FirmwareError` when it exits with anything but 0 (with its meaning, else the end of its output),
    when the log's disk gets full, and when it is not installed.
    """
    with log.open("ab") as out:
        out.write(f"$ {' '.join(command)}\n".encode())
        out.flush()
        begin = out.tell()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                env=None if env is None else dict(env),
                cwd=cwd,
                process_group=0,
            )
        except FileNotFoundError as error:
            raise FirmwareError(
                f"the command {command[0]} is missing", todo="install the host packages that the README names"
            ) from error
        with process, _ended_when_full(process, log.parent):
            answer = _converse(process, feed)
        out.write(answer)
    if process.returncode != 0:
        raise explain(command, process.returncode, log, begin)
    return answer.decode(errors="replace")


def _converse(process: "subprocess.Popen[bytes]", feed: Iterable[bytes | memoryview]) -> bytes:
    """Write the whole input, then read the output: what is fed here answers only at its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # it ended early, and its exit status says why
        for chunk in feed:
            process.stdin.write(chunk)
    with suppress(BrokenPipeError):
        process.stdin.close()
    return process.stdout.read()


@contextmanager
def _ended_when_full(process: "subprocess.Popen[bytes]", disk: Path) -> Iterator[None]:
    """End the process and its children when the disk is full: `apt-get update` then waits for ever."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(1.0):
            if is_full(disk):
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def is_full(disk: Path) -> bool:
    """Whether a disk has no room left, not even for the words that say so."""
    return shutil.disk_usage(disk).free < FULL


def explain(command: Sequence[str], status: int, log: Path, begin: int) -> FirmwareError:
    """The error for a failed command, from what it wrote to its log."""
    text = log.read_bytes()[begin:].decode(errors="replace")
    if NO_SPACE.search(text) or is_full(log.parent):
        return no_space_error(str(log))
    for pattern, what, todo in KNOWN_FAILURES:
        if match := pattern.search(text):
            name = next((group for group in match.groups() if group), "")
            return FirmwareError(what.format(name=name), where=str(log), todo=todo)
    tail = "\n".join(f"    {line}" for line in text.splitlines()[-TAIL_LINES:])
    return FirmwareError(
        f"{command_name(command)} failed with exit status {status}; its last lines:\n{tail}",
        where=str(log),
        todo="the log has all of its output",
    )


def command_name(command: Sequence[str]) -> str:
    """The program that a command line is about: behind chroot and env wrappers."""
    words = [word for word in command if "=" not in word and word != "--mount"]
    while words and words[0] in {"unshare", "chroot", "env", "eatmydata"}:
        words = words[2:] if words[0] == "chroot" else words[1:]
    return words[0] if words else command[0]


def no_space_error(where: str) -> FirmwareError:
    """What to tell when a disk or a quota is full; `where` is a file or folder on it."""
    return FirmwareError(
        "there is no space left on the device",
        where=where,
        todo="free some space (`python3 invoke.py clean --downloads` empties the cache), "
        "or move the cache to a larger disk with HOTSPARE_CACHE",
    )


def no_space(error: OSError) -> bool:
    """Whether an error of the operating system says that a disk or a quota is full."""
    # shutil.copytree gathers errors and has only their texts.
    return error.errno in {errno.ENOSPC, errno.EDQUOT} or f"[Errno {errno.ENOSPC}]" in str(error)
