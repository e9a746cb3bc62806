"""The node's time zone becomes the system's."""

import os

from hadaemon.config import NodeConfig
from hadaemon.io.errors import FileError
from hadaemon.setup.places import Places

_DEFAULT = "UTC"


def apply_clock(node: NodeConfig, places: Places) -> tuple[str, ...]:
    """Sets it; programs see it when they start next. Returns what is wrong: then the zone is UTC."""
    known = node.time_zone == _DEFAULT or (places.zones / node.time_zone).is_file()
    zone = node.time_zone if known else _DEFAULT
    link, new = places.etc / "localtime", places.etc / ".localtime.new"
    try:
        new.unlink(missing_ok=True)
        new.symlink_to(f"../usr/share/zoneinfo/{zone}")
        new.replace(link)
    except OSError as error:
        raise FileError(f"{link}: {os.strerror(error.errno or 0)}") from error
    if known:
        return ()
    return (f"node.toml: time_zone: this firmware knows no time zone {node.time_zone}: it is {zone} for now",)
