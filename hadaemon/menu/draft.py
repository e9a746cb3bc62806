"""The configuration that the answers make so far, as a preseed would say it: checked by the same rules."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any

from hadaemon.config import ConfigError, Mistake, check_preseed
from hadaemon.config.migrate import KNOWN
from hadaemon.menu.steps import Ask, Choose, Contradiction, Flow

FILE = "setup"
SCHEMA = KNOWN.newest


class Draft:
    """A preseed in the making."""

    def __init__(self) -> None:
        self.raw: dict[str, Any] = {"schema": SCHEMA}
        self.cluster: Mapping[str, Any] | None = None
        """What cluster.toml will have, as far as it is known before it is said: it is checked along."""
        self._answered: dict[str, Ask | Choose] = {}
        """The question by whose answer a key has its value."""

    def ask(self, path: tuple[str | int, ...], question: Ask | Choose) -> Flow[Any]:
        """The answer to a question, from which the value at this path will follow."""
        answer = yield question
        self._answered[_name(path)] = question
        return answer

    @property
    def ports(self) -> dict[str, dict[str, Any]]:
        """This box's ports by name, those that cluster.toml defines for both boxes included."""
        own, shared = self.raw["node"]["ports"], self.raw.get("cluster", {}).get("ports", {})
        return {name: {**shared.get(name, {}), **own.get(name, {})} for name in (*own, *shared)}

    def put(self, value: object, *path: str | int) -> None:
        """Sets one value; tables and arrays on the way are made."""
        _put(self.raw, value, path)

    def move(self, key: str, source: str, target: str) -> None:
        """Moves a key from one table of the file to another."""
        self.put(self.raw[source].pop(key), target, key)
        if (question := self._answered.get(f"{source}.{key}")) is not None:
            self._answered[f"{target}.{key}"] = question

    def checked(self, value: object, *path: str | int) -> Any:
        """The value, if nothing is wrong with it where it would be. Raises Contradiction: the first reason.

        What is still missing elsewhere, or is wrong without this value too, is not its fault.
        """
        raw, place = self._known(), _name(path)
        _put(raw, value, path)
        for mistake in _mistakes(raw):
            keys = (mistake.path, *mistake.others)
            others = [key for key in keys if not _is_at(key, place)]
            if len(others) == len(keys):
                continue
            if mistake.path in others and mistake in _mistakes(self._known()):
                continue
            raise Contradiction(mistake.message, *self._questions(others))
        return value

    def mistakes(self) -> tuple[str, ...]:
        """Everything that is wrong with the whole."""
        return tuple(f"{mistake.path}: {mistake.message}" for mistake in _mistakes(self.raw))

    def _known(self) -> dict[str, Any]:
        """A copy of what is said so far, with what cluster.toml will have."""
        raw = deepcopy(self.raw)
        if self.cluster is not None:
            raw["cluster"] = {**deepcopy(dict(self.cluster)), **raw.get("cluster", {})}
        return raw

    def _questions(self, keys: Iterable[str]) -> Iterator[Ask | Choose]:
        """Those by whose answers these keys, or what is around them, have their values."""
        for key in keys:
            found = [place for place in self._answered if _is_at(key, place)]
            if found:
                yield self._answered[max(found, key=len)]


def _mistakes(raw: dict[str, Any]) -> tuple[Mistake, ...]:
    try:
        check_preseed(raw, FILE)
    except ConfigError as error:
        return error.mistakes
    return ()


def _is_at(key: str, place: str) -> bool:
    """Whether a key is a place, or in it."""
    return key == place or key.startswith((f"{place}.", f"{place}["))


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
