"""When certificates end, by the program: the daemon itself loads no TLS."""

from datetime import UTC, datetime
from pathlib import Path

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import run_program

_FORMAT = "notAfter=%b %d %H:%M:%S %Y GMT"


def not_after(path: Path) -> datetime:
    """Of the first certificate in a PEM file. Raises EdgeError."""
    said = run_program("openssl", "x509", "-noout", "-enddate", "-in", str(path)).strip()
    try:
        return datetime.strptime(said, _FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise EdgeError(f"{path}: openssl says {said!r}") from error
