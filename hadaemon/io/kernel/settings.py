"""The kernel's settings (sysctl), by their names with dots."""

import os
from pathlib import Path

from hadaemon.io.errors import FileError

SETTINGS = Path("/proc/sys")
WANTED = "run/hotspare/kernel.conf"
"""Below the root: those of the administrator, `name = value` a line."""
BEFORE = "run/hotspare/kernel-before.conf"
"""Below the root: what these were before, likewise."""


def read_setting(name: str, settings: Path = SETTINGS) -> str | None:
    """Its value, with one space between several numbers; None: this kernel does not have it, or does not
    tell."""
    try:
        return " ".join(_path(name, settings).read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError):
        return None


def write_setting(name: str, value: str, settings: Path = SETTINGS) -> None:
    """Raises FileError: the kernel does not take it."""
    try:
        file = os.open(_path(name, settings), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(file, value.encode("ascii"))
        finally:
            os.close(file)
    except OSError as error:
        raise FileError(f"{name} = {value}: {os.strerror(error.errno or 0)}") from error


def _path(name: str, settings: Path) -> Path:
    return settings / name.replace(".", "/")
