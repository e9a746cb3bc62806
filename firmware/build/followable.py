"""The lists of units that a cluster's configuration may start and stop: usr/share/hotspare/followable/.

They come with the overlay of a board or of a site. What is wrong in them is told when the image is built: on
a node it would be a service that does not run.
"""

import re
from pathlib import Path

from firmware.errors import FirmwareError

PLACE = "usr/share/hotspare/followable"
_FOLDERS = ("etc/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\\:-]*(@[A-Za-z0-9_.\\:-]*)?\.(service|socket|timer|path)")
_NEVER = re.compile(
    r"hadaemon|hotspare-|systemd-|dbus|rauc|conntrackd\.|keepalived\.|haproxy\.|dnsmasq\.|nftables\.|"
    r"(console-|container-|serial-)?getty|debug-shell\.|emergency\.|rescue\.|ssh|user@|user-runtime-dir@"
)
"""What the node lives by, has a table for, or would be opened by."""


def check_followable(target: Path) -> None:
    """Raises FirmwareError: a list names what is no unit of the image, or one that cannot follow."""
    for path in sorted((target / PLACE).glob("*")):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            unit = line.partition("#")[0].strip()
            if unit and (wrong := _wrong(target, unit)) is not None:
                raise FirmwareError(
                    f"{unit} {wrong}", f"{PLACE}/{path.name}:{number}", "correct or remove the line"
                )


def _wrong(target: Path, unit: str) -> str | None:
    if not _UNIT.fullmatch(unit):
        return "is no name of a service, socket, timer or path"
    if _NEVER.match(unit):
        return "is not for a configuration to start and stop"
    stem, instance, rest = unit.partition("@")
    names = (unit, f"{stem}@.{rest.rpartition('.')[2]}") if instance else (unit,)
    places = [target / folder for folder in _FOLDERS]
    if not any(place.joinpath(name).is_file() for place in places for name in names):
        return "is no unit of this image: name its package in the board's packages, or lay it over"
    if any(_enabled(place, unit) for place in places):
        return "starts with the node: it cannot follow the active one"
    return None


def _enabled(place: Path, unit: str) -> bool:
    return any(path.name == unit for kind in ("wants", "requires") for path in place.glob(f"*.{kind}/*"))
