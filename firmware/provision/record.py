"""The protocol of a run: everything that went over every line, with times, and without secrets."""

import os
import re
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from firmware.provision.errors import ProvisionError

HIDDEN = "(secret)"
_CODE = re.compile(r"\b\d{3} \d{3}\b(?=\s*$)")
"""A pairing code ends its line, where it is shown and where it is typed."""


class Record:
    """One file for all ports. For several threads at once."""

    def __init__(self, path: Path, secrets: Iterable[str]) -> None:
        """A new file that its owner alone can read. Raises ProvisionError."""
        self.path = path
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)
        self._lock = threading.Lock()
        self._begun: dict[str, str] = {}
        """By port: received, and no line yet."""
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise ProvisionError(
                "the protocol would overwrite a file", str(path), "name another --protocol"
            ) from None
        except OSError as error:
            raise ProvisionError(
                f"the protocol cannot be written: {error.strerror}", str(path), "name another --protocol"
            ) from None
        self._file = os.fdopen(file, "w", encoding="utf-8")

    def close(self) -> None:
        """With what came last."""
        with self._lock:
            for port in list(self._begun):
                self._flush(port)
            self._file.close()

    def received(self, port: str, text: str) -> None:
        """Written line by line, so that no secret is cut in two."""
        with self._lock:
            *lines, rest = re.split(r"\r?\n", self._begun.pop(port, "") + text)
            for line in lines:
                self._write(port, "<", line)
            if rest:
                self._begun[port] = rest

    def sent(self, port: str, text: str, secret: bool) -> None:
        """An answer, or a key."""
        with self._lock:
            self._flush(port)
            self._write(port, ">", HIDDEN if secret else text)

    def noted(self, port: str, text: str) -> None:
        """What the program makes of it."""
        with self._lock:
            self._flush(port)
            self._write(port, "#", text)

    def _flush(self, port: str) -> None:
        if rest := self._begun.pop(port, ""):
            self._write(port, "<", rest)

    def _write(self, port: str, way: str, text: str) -> None:
        if self._file.closed:
            return
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _CODE.sub(HIDDEN, text)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        shown = text.encode("unicode_escape").decode("ascii")
        self._file.write(f"{now}Z {port} {way} {shown}\n")
        self._file.flush()
