"""Where a passphrase comes from: a file, or the person at the terminal. It is kept in memory alone."""

import getpass
import stat
import sys
from pathlib import Path

from firmware.errors import FirmwareError

SHORTEST = 8
"""Characters of a new one."""
LONGEST = 1024
"""Bytes: openssl reads no more."""


def passphrase(what: str, file: Path | None, option: str) -> str:
    """The passphrase of something that has one: the first line of `file`, else it is asked for.

    `what` says of what, and `option` is how the file is named. Raises FirmwareError.
    """
    return _from_file(file, option) if file else _asked(what, option)


def new_passphrase(what: str, file: Path | None, option: str) -> str:
    """One for something new; who types it types it twice. Raises FirmwareError."""
    found = passphrase(what, file, option)
    if len(found) < SHORTEST:
        raise FirmwareError(
            f"the passphrase of {what} is too short",
            where=option,
            todo=f"take one of {SHORTEST} characters or more",
        )
    if not file and getpass.getpass(f"once more, the passphrase of {what}: ") != found:
        raise FirmwareError(f"the passphrase of {what} was typed in two ways", todo="run the same again")
    return found


def _asked(what: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise FirmwareError(
            f"the passphrase of {what} is needed, and there is no terminal to ask at",
            where=option,
            todo=f"name a file whose first line it is, e.g. {option} /dev/fd/3",
        )
    try:
        return _checked(getpass.getpass(f"passphrase of {what}: "), option)
    except EOFError:
        raise FirmwareError(f"no passphrase of {what} was typed", where=option) from None


def _from_file(file: Path, option: str) -> str:
    try:
        mode = file.stat().st_mode
        with file.open("rb") as content:
            line = content.readline(LONGEST + 2)
    except OSError as error:
        raise FirmwareError(
            f"the passphrase in {file} cannot be read: {error.strerror}", where=option
        ) from error
    if stat.S_ISREG(mode) and mode & 0o077:
        raise FirmwareError(f"{file} can be read by others", where=option, todo=f"chmod 600 {file}")
    try:
        return _checked(line.decode().rstrip("\r\n"), option)
    except UnicodeDecodeError:
        raise FirmwareError(f"the passphrase in {file} is no text", where=option) from None


def _checked(found: str, option: str) -> str:
    if not found or len(found.encode()) > LONGEST:
        wrong = "too long" if found else "empty"
        raise FirmwareError(f"the passphrase is {wrong}", where=option)
    return found
