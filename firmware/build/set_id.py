"""Programs that run as their owner, or with their group, whoever starts them: only those that a board lists.

Each is a way from an account that was taken over to root. What Debian's packages bring for people at a
terminal (su, passwd, mount, …) nobody needs on an appliance: its services are root's, and its administrator
has sudo.
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from firmware.build.board import Listed
from firmware.errors import FirmwareError

_BITS = stat.S_ISUID | stat.S_ISGID


def drop_set_id(target: Path, listed: Iterable[Listed]) -> None:
    """Takes the bits off all other files. Raises FirmwareError: a listed program has none."""
    kept = {target / each.name: each for each in listed}
    for path, each in kept.items():
        if not path.is_file() or not path.stat().st_mode & _BITS:
            raise FirmwareError(
                f"{each.name} is no program that runs as its owner", where=each.place, todo="remove the line"
            )
    for path in target.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & _BITS and path not in kept:
            path.chmod(stat.S_IMODE(mode) & ~_BITS)
