"""Whether the kernel forwards.

Only root may switch it on: a unit does, once the daemon says that its rules are loaded
(hotspare-forwarding.path).
"""

import os
from pathlib import Path

from hadaemon.io.errors import FileError

_SWITCHES = (Path("/proc/sys/net/ipv4/ip_forward"), Path("/proc/sys/net/ipv6/conf/all/forwarding"))
_WORD = "forwarding"


def forwards() -> bool:
    """Both families are forwarded; a family that the kernel does not have does not count."""
    try:
        return all(switch.read_text().strip() != "0" for switch in _SWITCHES if switch.exists())
    except OSError as error:
        raise FileError(f"forwarding: {os.strerror(error.errno or 0)}") from error


def say_loaded(run: Path) -> None:
    """The rules are loaded: forwarding may begin."""
    try:
        (run / _WORD).touch(mode=0o644)
    except OSError as error:
        raise FileError(f"{run / _WORD}: cannot be written: {os.strerror(error.errno or 0)}") from error
