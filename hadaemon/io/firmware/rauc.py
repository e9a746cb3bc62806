"""RAUC: what it knows of a bundle and of the slots, and its installation. Its errors in our words."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hadaemon.io.errors import EdgeError

Progress = Callable[[int, str], None]
"""Hears percents and what is being done."""

_TIMEOUT = 120.0
"""Seconds for anything but an installation."""
_PERCENT = re.compile(r"\s*(\d{1,3})% (.*)")
_LAST_ERROR = "LastError:"


class RaucError(EdgeError):
    """RAUC refused or failed."""


class Rauc:
    """The program and its service. `command` is how to call it."""

    def __init__(self, command: Sequence[str] = ("/usr/bin/rauc",)) -> None:
        self._command = tuple(command)

    def status(self) -> dict[str, Any]:
        """Both slots, as JSON."""
        return self._json("status", "--detailed", "--output-format=json")

    def info(self, bundle: str) -> dict[str, Any]:
        """The manifest of a bundle whose signature is good. Raises RaucError."""
        done = self._run("info", "--output-format=json-2", bundle)
        if done.returncode != 0:
            raise RaucError(f"{bundle}: {bundle_fault(done.stderr)}")
        return _parsed(done.stdout)

    def mark_good(self) -> None:
        """The running slot may be started at any time."""
        self._done("status", "mark-good", "booted")

    def mark_bad(self, which: str) -> None:
        """`booted` or `other`: the boot loader passes it over."""
        self._done("status", "mark-bad", which)

    def mark_active(self, which: str) -> None:
        """`booted` or `other`: the next start takes it."""
        self._done("status", "mark-active", which)

    def install(self, bundle: str, progress: Progress) -> None:
        """Writes the other slot, which is bad from before its first write. Raises RaucError."""
        command = [*self._command, "install", bundle]
        last = said = ""
        try:
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if found := _PERCENT.match(line):
                        progress(int(found[1]), found[2].rstrip(". \n"))
                    elif line.startswith(_LAST_ERROR):
                        last = line.removeprefix(_LAST_ERROR).strip()
                    elif line.strip():
                        said = line.strip()
        except OSError as error:
            raise RaucError(f"{command[0]}: {error}") from error
        if process.returncode != 0:
            raise RaucError(f"{bundle}: {install_fault(last or said)}")

    def _done(self, *arguments: str) -> None:
        done = self._run(*arguments)
        if done.returncode != 0:
            raise _failure(f"rauc {' '.join(arguments)}", done.stderr or done.stdout)

    def _json(self, *arguments: str) -> dict[str, Any]:
        done = self._run(*arguments)
        if done.returncode != 0:
            raise _failure(f"rauc {arguments[0]}", done.stderr)
        return _parsed(done.stdout)

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RaucError(f"{self._command[0]}: {error}") from error


_BUNDLE_FAULTS: Mapping[str, str] = {
    "No such file": "there is no such file",
    "certificate has expired": "the certificate that signed it had expired when it did",
    "not yet valid": "the certificate that signed it was not valid yet when it did",
    "self-signed certificate": "it is not signed by a key that this node trusts",
    "unable to get local issuer": "it is not signed by a key that this node trusts",
    "signature verification failed": "its signature does not match: it was changed; fetch it anew",
    "exceeds bundle size": "it is truncated, or no update bundle: fetch it anew",
    "Invalid bundle format": "it is no update bundle",
    "No space left": "the disk is full",
}
"""What RAUC says, the first match counts, and what it means to an administrator."""


_NOT_ROOT = ("AccessDenied", "Rejected send message")
"""How the message bus refuses; RAUC strips the name of the error from some of its warnings."""


def bundle_fault(said: str) -> str:
    """One sentence about a bundle that RAUC does not take."""
    for words, meaning in _BUNDLE_FAULTS.items():
        if words in said:
            return meaning
    return _one_line(said) or "RAUC does not take it and does not say why"


def install_fault(said: str) -> str:
    """One sentence about an installation that failed."""
    if "already processing" in said.lower() or "different method" in said.lower():
        return "another installation is under way: wait for its end"
    return f"the installation failed: {bundle_fault(said)}"


def _failure(what: str, said: str) -> RaucError:
    error = RaucError(f"{what}: {_one_line(said)}")
    if any(words in said for words in _NOT_ROOT):
        error = RaucError("only root may ask for the slots")
        error.__cause__ = PermissionError()
    return error


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise RaucError("rauc: its answer is not JSON") from error
    if not isinstance(found, dict):
        raise RaucError("rauc: its answer is not a JSON object")
    return found


def _one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("rauc-Message:")]
    return " ".join(" ".join(lines).split())[:300]
