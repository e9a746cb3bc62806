"""The support bundle: what somebody elsewhere needs to see of a node, in one file, without a secret in it.

Each part that fails is named in it and stops nothing. Bounded in size and time.
"""

import contextlib
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.io.programs.run import ProgramError, run_program
from hadaemon.io.sockets.control_client import ask
from hadaemon.io.store.files import read_text, sync_folder
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.sync.redact import Scrubber, lines_of_key, public_lines, scrubber, secrets_of
from hadaemon.sync.tree import FILES

MAX_PART = 2 << 20
"""Bytes of one part; of a log the end."""
MAX_SECONDS = 120.0
"""For all of it."""
_PART_SECONDS = 20.0
_MAX_FILES = 400
"""Of the state folder, that are looked at for secrets."""
_ADMIN_FILE = "admin.toml"
_SHOWN = (NODE_FILE, CLUSTER_FILE, _ADMIN_FILE)

_JOURNAL = ("journalctl", "--no-pager", "--output=short-iso-precise", "--lines=20000")
COMMANDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("journal-this-boot", (*_JOURNAL, "--boot=0")),
    ("journal-last-boot", (*_JOURNAL, "--boot=-1")),
    ("kernel-log", ("journalctl", "--no-pager", "--dmesg", "--output=short-iso-precise", "--lines=5000")),
    ("nft-rules", ("nft", "list", "ruleset")),
    ("links", ("ip", "-details", "-statistics", "link")),
    ("addresses", ("ip", "-details", "address")),
    ("routes-4", ("ip", "-4", "route", "show", "table", "all")),
    ("routes-6", ("ip", "-6", "route", "show", "table", "all")),
    ("rules", ("ip", "rule")),
    ("neighbours", ("ip", "neighbour")),
    ("sockets", ("ss", "-tulpn")),
    ("conntrackd", ("conntrackd", "-C", "/run/hadaemon/conntrackd.conf", "-s")),
    ("conntrackd-network", ("conntrackd", "-C", "/run/hadaemon/conntrackd.conf", "-s", "network")),
    ("conntrack-counters", ("conntrack", "-S")),
    ("rauc", ("rauc", "status", "--detailed")),
    ("units", ("systemctl", "--no-pager", "--all", "list-units")),
    ("units-failed", ("systemctl", "--no-pager", "--failed", "list-units")),
    ("networkd", ("networkctl", "--no-pager", "--all", "status")),
    ("processes", ("ps", "-eo", "pid,ppid,user,cls,rtprio,rss,etime,comm")),
    ("disks", ("df", "--human-readable")),
    ("blocks", ("lsblk", "--output", "NAME,SIZE,TYPE,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS,MODEL")),
    ("memory", ("free", "--mebi")),
    ("uptime", ("uptime",)),
    ("kernel", ("uname", "-a")),
    ("time", ("timedatectl",)),
)
"""Programs, by the name of the part."""
FILES_SHOWN: tuple[tuple[str, Path], ...] = (
    ("release", Path("/etc/os-release")),
    ("command-line", Path("/proc/cmdline")),
    ("interrupts", Path("/proc/interrupts")),
    ("setup-problems", Path("/run/hotspare/setup-problems")),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle."""

    name: str
    read: Callable[[float], str]
    """Within so many seconds. Raises HadaemonError or OSError."""
    from_end: bool = False
    """What is too long loses its beginning."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    size: int
    """Bytes of the file."""
    lacking: tuple[str, ...]
    """What could not be read, and why."""


def write_support(state: Path, control: Path, path: Path, owner: tuple[int, int]) -> Written:
    """Everything about this node, without a secret, in a file that was not there. Raises HadaemonError."""
    if path.exists():
        raise FileError(f"{path}: is there already: name another file")
    scrub = secrets_below(state)
    lacking = write_bundle(path, tuple(all_parts(state, control)), scrub, owner)
    return Written(path.stat().st_size, tuple(lacking))


def write_bundle(path: Path, parts: Sequence[Part], scrub: Scrubber, owner: tuple[int, int]) -> list[str]:
    """Writes the file, whole or not at all, for its owner alone; the answer is what is lacking in it."""
    staged = path.with_name(f".{path.name}.new")
    try:
        with contextlib.suppress(FileNotFoundError):
            staged.unlink()
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    lacking = _fill(archive, path.name.partition(".")[0] or "support", parts, scrub)
                os.fchown(file.fileno(), *owner)
                file.flush()
                os.fsync(file.fileno())
            os.link(staged, path)  # Never in place of something else.
            sync_folder(path.parent)
        finally:
            staged.unlink()
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}") from error
    return lacking


def _fill(archive: tarfile.TarFile, folder: str, parts: Sequence[Part], scrub: Scrubber) -> list[str]:
    lacking, index = [], []
    end = time.monotonic() + MAX_SECONDS
    for part in parts:
        begun = time.monotonic()
        text, why = _read(part, end - begun)
        _add(archive, f"{folder}/{part.name}.txt", _bounded(scrub(text), part.from_end))
        took = f"{time.monotonic() - begun:.1f} s"
        index.append(f"{part.name}: {f'FAILED: {scrub(why)}' if why else 'ok'} ({took})")
        if why:
            lacking.append(f"{part.name}: {scrub(why)}")
    _add(archive, f"{folder}/PARTS.txt", "\n".join(index).encode() + b"\n")
    return lacking


def _read(part: Part, left: float) -> tuple[str, str]:
    """The text and what is wrong with it."""
    if left <= 0:
        return "", f"not looked at: {MAX_SECONDS:g} s were over"
    try:
        return part.read(min(left, _PART_SECONDS)), ""
    except Incomplete as error:
        return f"{error.text}\nFAILED: {error}\n", str(error)
    except (HadaemonError, OSError, ValueError) as error:
        return f"FAILED: {error}\n", str(error)


def _bounded(text: str, from_end: bool) -> bytes:
    data = text.encode(errors="replace")
    if len(data) <= MAX_PART:
        return data
    mark = f"\n[cut: it has {len(data)} bytes]\n".encode()
    return mark + data[-MAX_PART:] if from_end else data[:MAX_PART] + mark


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(data))


class Incomplete(HadaemonError):
    """A program that failed, and what it had said until then."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(why)
        self.text = text


def all_parts(state: Path, control: Path) -> Iterator[Part]:
    """Everything, the most important first."""
    for command in ("status", "alarms"):
        yield Part(command, lambda seconds, command=command: _asked(control, command, seconds))  # type: ignore[misc]
    for name in _SHOWN:
        yield Part(name.removesuffix(".toml"), lambda _, path=state / name: _configuration(path))  # type: ignore[misc]
    yield Part("cluster-files", lambda _: _belonging(state / FILES))
    for name in ("history.jsonl", "history.1.jsonl"):
        path = state / "daemon" / name
        yield Part(name.removesuffix(".jsonl"), lambda _, path=path: _text(path), from_end=True)  # type: ignore[misc]
    for name, path in FILES_SHOWN:
        yield Part(name, lambda _, path=path: _text(path))  # type: ignore[misc]
    for name, command_line in COMMANDS:
        yield Part(name, lambda seconds, line=command_line: said(line, seconds), from_end=True)  # type: ignore[misc]


def said(command: Sequence[str], seconds: float) -> str:
    """What a program says. Raises Incomplete."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"}
    try:
        return run_program(*command, timeout=seconds, environment=environment, merged=True)
    except ProgramError as error:
        why = str(error) if error.status is None else f"{command[0]} ended with {error.status}"
        raise Incomplete(why, error.output) from error


def secrets_below(state: Path) -> Scrubber:
    """Hides every secret that this node has or had: of all configurations that are kept, and of its keys."""
    found: frozenset[str] = frozenset()
    files = [path for path in sorted(state.rglob("*")) if path.is_file() and not path.is_symlink()]
    for path in files[:_MAX_FILES]:
        try:
            text = read_text(path)
        except HadaemonError:
            continue  # What is no text is not shown either.
        if path.suffix == ".toml":
            found |= secrets_of((text or "").encode())
        elif path.suffix == ".key" or "PRIVATE KEY" in (text or ""):
            found |= lines_of_key(text or "")
    if len(files) > _MAX_FILES:
        raise HadaemonError(f"{state}: has {len(files)} files, {_MAX_FILES} are looked at for secrets")
    return scrubber(found)


def _asked(control: Path, command: str, seconds: float) -> str:
    return json.dumps(ask(control, {"command": command}, seconds), indent=1) + "\n"


def _configuration(path: Path) -> str:
    text = read_text(path)
    if text is None:
        return f"this node has no {path.name}\n"
    lines = public_lines(text.encode())
    if lines is None:
        raise HadaemonError(f"{path.name}: not TOML, so that nobody knows what in it is secret")
    return "\n".join(lines) + "\n"


def _belonging(folder: Path) -> str:
    """Rules of the firewall as they are, everything else by name and size."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.append(f"{path.relative_to(folder)}: {path.stat().st_size} bytes")
            if path.suffix == ".nft":
                found.append(_text(path))
    return "\n".join(found) + "\n"


def _text(path: Path) -> str:
    text = read_text(path)
    if text is None:
        return f"this node has no {path}\n"
    return text
