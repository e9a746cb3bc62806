"""A node at the other end of SSH: what is run there, and what came of it."""

import io
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import FirmwareError

_FILES = ("cluster.toml", "cluster.d")
"""What is sent of a folder: the node's own file stays on the node."""
_SSH = (
    *("-o", "BatchMode=yes", "-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
)
_PATIENCE = 180.0
"""Seconds for one command: a node in the midst of a switch answers late."""
_LOST = 255
"""ssh's own exit code: there is no connection, or none any more."""
_WITH_FOLDER = 'set -e; d=$(mktemp -d); trap \'rm -rf "$d"\' EXIT; tar -xf - -C "$d"; '
"""$d is what was sent, as long as the command runs."""


class Lost(FirmwareError):
    """The node could not be reached, or no longer."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    code: int
    out: str
    errors: str


@dataclass(frozen=True, slots=True)
class Reach:
    """One node."""

    name: str
    target: str
    """As ssh takes it, e.g. admin@192.0.2.7."""
    options: tuple[str, ...] = ()
    """Of ssh."""

    def hactl(self, *arguments: str, folder: Path | None = None) -> Done:
        """A command of hactl as root. `folder`: its files are sent along, and stand where an argument is
        $d. Raises Lost."""
        command = " ".join(["sudo", "hactl", *arguments])
        sent = b""
        if folder is not None:
            command, sent = _WITH_FOLDER + command, packed(folder)
        return self._run(command, sent)

    def _run(self, command: str, sent: bytes) -> Done:
        whole = ("ssh", *_SSH, *self.options, "--", self.target, command)
        try:
            done = subprocess.run(whole, input=sent, capture_output=True, timeout=_PATIENCE, check=False)
        except FileNotFoundError:
            raise FirmwareError("there is no ssh here", "PATH", "install openssh-client") from None
        except subprocess.TimeoutExpired:
            raise Lost(f"{self.name} has not answered for {_PATIENCE:g} s", self.target) from None
        out, errors = (text.decode(errors="replace").strip() for text in (done.stdout, done.stderr))
        if done.returncode == _LOST:
            reason = _last(errors) or "the connection was lost"
            raise Lost(f"{self.name} cannot be reached: {reason}", self.target, _todo(errors, self.target))
        return Done(done.returncode, out, errors)


def packed(folder: Path) -> bytes:
    """What is sent, as tar has it: the same for the same files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in _FILES:
            if (folder / name).exists():
                archive.add(folder / name, name, filter=_plain)
    return file.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _todo(errors: str, target: str) -> str:
    if "host key" in errors.lower():
        return (
            f"log in once (`ssh {target}`) and compare the fingerprint, or keep the key in FOLDER/known_hosts"
        )
    if "permission denied" in errors.lower():
        return "your public key must be in [admin] ssh_keys of the node"
    return "give its address with --at, and look whether [ssh] of the node listens there"


def options_of(ssh_config: str, known_hosts: Path, port: str) -> Sequence[str]:
    """Of ssh, for one node."""
    found = []
    if ssh_config:
        found += ["-F", ssh_config]
    if known_hosts.exists():
        found += ["-o", f"UserKnownHostsFile={known_hosts.resolve()}", "-o", "StrictHostKeyChecking=yes"]
    if port:
        found += ["-p", port]
    return tuple(found)
