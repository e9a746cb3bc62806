"""When certificates end, by the program: the daemon itself loads no TLS."""

import re
from datetime import UTC, datetime
from pathlib import Path

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import read_text

_FORMAT = "notAfter=%b %d %H:%M:%S %Y GMT"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_MOST = 16
"""Certificates of one file that are looked at."""


def ends_of(path: Path) -> tuple[datetime, ...]:
    """Of each certificate in a PEM file, in their order; empty: it has none. Raises EdgeError."""
    found = _CERTIFICATE.findall(read_text(path) or "")
    return tuple(_end(path, text) for text in found[:_MOST])


def _end(path: Path, certificate: str) -> datetime:
    said = run_program("openssl", "x509", "-noout", "-enddate", data=certificate.encode()).strip()
    try:
        return datetime.strptime(said, _FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise EdgeError(f"{path}: openssl says {said!r}") from error
