"""RAUC: what it knows of a bundle and of the slots, and its installation. Its errors in our words."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import ProgramError, follow_program, run_program
from hadaemon.text.reading import read_json

Progress = Callable[[int, str], None]
"""Is called with the percentage and with what is being done."""

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
        try:
            return _parsed(run_program(*self._command, "info", "--output-format=json-2", bundle))
        except ProgramError as error:
            raise RaucError(
                f"{bundle}: {bundle_fault(error.said)}" if error.status else str(error)
            ) from error

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
        last = said = ""

        def hear(line: str) -> None:
            nonlocal last, said
            if found := _PERCENT.match(line):
                progress(int(found[1]), found[2].rstrip(". \n"))
            elif line.startswith(_LAST_ERROR):
                last = line.removeprefix(_LAST_ERROR).strip()
            elif line.strip():
                said = line.strip()

        if follow_program(*self._command, "install", bundle, line=hear):
            raise RaucError(f"{bundle}: {install_fault(last or said)}")

    def _done(self, *arguments: str) -> None:
        self._ask(f"rauc {' '.join(arguments)}", *arguments)

    def _json(self, *arguments: str) -> dict[str, Any]:
        return _parsed(self._ask(f"rauc {arguments[0]}", *arguments))

    def _ask(self, what: str, *arguments: str) -> str:
        try:
            return run_program(*self._command, *arguments)
        except ProgramError as error:
            said = error.said or error.output
            if any(words in said for words in _NOT_ROOT):
                raise RaucError("only root may ask for the slots") from PermissionError()
            raise RaucError(f"{what}: {_one_line(said)}" if error.status else str(error)) from error


_BUNDLE_FAULTS: Mapping[str, str] = {
    "No such file": "there is no such file",
    "certificate has expired": "the certificate that signed it had expired when it did",
    "not yet valid": "the certificate that signed it was not valid yet when it did",
    "self-signed certificate": "it is not signed by a key that this node trusts",
    "unable to get local issuer": "it is not signed by a key that this node trusts",
    "certificate revoked": "the key that signed it is revoked on this node",
    "certificate purpose": "the certificate that signed it is not one for signing firmware",
    "get certificate CRL": "this node has no revocation list of those who issued its certificate",
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


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = read_json(text)
    except ValueError as error:
        raise RaucError("rauc: its answer is not JSON") from error
    if not isinstance(found, dict):
        raise RaucError("rauc: its answer is not a JSON object")
    return found


def _one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("rauc-Message:")]
    return " ".join(" ".join(lines).split())[:300]
