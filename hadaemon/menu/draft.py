"""The configuration that the answers make so far, as a preseed would say it: checked by the same rules."""

from copy import deepcopy
from itertools import pairwise
from typing import Any

from hadaemon.config import ConfigError, Mistake, check_preseed
from hadaemon.config.migrate import KNOWN

FILE = "setup"
SCHEMA = KNOWN.newest


class Draft:
    """A preseed in the making."""

    def __init__(self) -> None:
        self.raw: dict[str, Any] = {"schema": SCHEMA}

    def put(self, value: object, *path: str | int) -> None:
        """Sets one value; tables and arrays on the way are made."""
        _put(self.raw, value, path)

    def checked(self, value: object, *path: str | int) -> Any:
        """The value, if nothing is wrong with it where it would be. Raises ValueError with the first reason.

        What is still missing elsewhere is not its fault.
        """
        raw = deepcopy(self.raw)
        _put(raw, value, path)
        place = _name(path)
        for mistake in _mistakes(raw):
            if mistake.path == place or mistake.path.startswith((f"{place}.", f"{place}[")):
                raise ValueError(mistake.message)
        return value

    def mistakes(self) -> tuple[str, ...]:
        """Everything that is wrong with the whole."""
        return tuple(f"{mistake.path}: {mistake.message}" for mistake in _mistakes(self.raw))


def _mistakes(raw: dict[str, Any]) -> tuple[Mistake, ...]:
    try:
        check_preseed(raw, FILE)
    except ConfigError as error:
        return error.mistakes
    return ()


def _put(raw: dict[str, Any], value: object, path: tuple[str | int, ...]) -> None:
    place: Any = raw
    for key, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(key, int):
            if key == len(place):
                place.append(empty)
            place = place[key]
        else:
            place = place.setdefault(key, empty)
    last: Any = path[-1]
    if isinstance(last, int) and last == len(place):
        place.append(value)
    else:
        place[last] = value


def _name(path: tuple[str | int, ...]) -> str:
    """As mistakes name places."""
    name = ""
    for key in path:
        name += f"[{key}]" if isinstance(key, int) else f".{key}" if name else key
    return name
