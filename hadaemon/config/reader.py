"""A cursor over a parsed TOML table: reads by key, collects every mistake, and knows which keys nobody asked
for."""

import re
from collections.abc import Callable
from typing import TypeVar

from hadaemon.config.mistakes import Mistake, did_you_mean

T = TypeVar("T")

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")

_TYPE_NAMES = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "a table",
}


class Mistakes:
    """What was found so far in one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Mistake] = []

    def add(self, path: str, message: str, file: str | None = None, others: tuple[str, ...] = ()) -> None:
        """`file`: the one that has the key, if it is another; `others`: what it contradicts. What was found
        before is not told again."""
        mistake = Mistake(self.file if file is None else file, path, message, others)
        if mistake not in self.found:
            self.found.append(mistake)


class Table:
    """One table of the file. Reading methods answer None where a mistake was noted instead of a value."""

    def __init__(self, raw: dict[str, object], path: str, mistakes: Mistakes) -> None:
        self.path = path
        self.mistakes = mistakes
        self._raw = raw
        self._known: list[str] = []

    @property
    def raw(self) -> dict[str, object]:
        """What it has, not validated yet."""
        return self._raw

    def holding(self, raw: dict[str, object], mistakes: Mistakes) -> "Table":
        """The same table with other values in it; what was asked for already is known there too."""
        table = Table(raw, self.path, mistakes)
        table._known = [*self._known]
        return table

    def at(self, key: str) -> str:
        """The path of a key of this table."""
        quoted = key if _BARE_KEY.match(key) else f'"{key}"'
        return f"{self.path}.{quoted}" if self.path else quoted

    def note(self, key: str, message: str) -> None:
        """Notes a mistake with a key."""
        self.mistakes.add(self.at(key), message)

    def has(self, key: str) -> bool:
        return key in self._raw

    def has_table(self, key: str) -> bool:
        """Whether a key is there, and its value is a table."""
        return isinstance(self._raw.get(key), dict)

    def require(self, key: str, example: str) -> bool:
        """Whether a required key is there; notes it when it is not."""
        self._known.append(key)
        if key in self._raw:
            return True
        self.note(key, f"is missing: add it, e.g. {example}")
        return False

    def text(self, key: str, parse: Callable[[str], T], example: str) -> T | None:
        """A required string; `parse` raises ValueError with what is wrong. The example is for the message."""
        if not self.require(key, example):
            return None
        return self._parsed(self.at(key), self._raw[key], parse)

    def optional_text(self, key: str, parse: Callable[[str], T], default: T) -> T | None:
        self._known.append(key)
        if key not in self._raw:
            return default
        return self._parsed(self.at(key), self._raw[key], parse)

    def flag(self, key: str, default: bool) -> bool | None:
        self._known.append(key)
        value = self._raw.get(key, default)
        if isinstance(value, bool):
            return value
        self.note(key, f"must be true or false, not {_describe(value)}")
        return None

    def number(self, key: str, low: int, high: int, default: int) -> int | None:
        self._known.append(key)
        value = self._raw.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.note(key, f"must be an integer from {low} to {high}, not {_describe(value)}")
        elif not low <= value <= high:
            self.note(key, f"must be from {low} to {high}")
        else:
            return value
        return None

    def texts(
        self, key: str, parse: Callable[[str], T], example: str, required: bool = False
    ) -> tuple[T, ...] | None:
        """An array of strings; if required, with at least one."""
        if required and not self.require(key, example):
            return None
        self._known.append(key)
        values = self._raw.get(key, [])
        if not isinstance(values, list):
            self.note(key, f"must be an array of strings, e.g. {example}, not {_describe(values)}")
            return None
        if required and not values:
            self.note(key, f"must not be empty, e.g. {example}")
            return None
        parsed = [
            self._parsed(f"{self.at(key)}[{position}]", value, parse) for position, value in enumerate(values)
        ]
        good = tuple(value for value in parsed if value is not None)
        return good if len(good) == len(parsed) else None

    def table(self, key: str) -> "Table | None":
        """A table that may be left out."""
        self._known.append(key)
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, dict):
            return Table(value, self.at(key), self.mistakes)
        self.note(key, f"must be a table, [{self.at(key)}], not {_describe(value)}")
        return None

    def tagged(
        self, key: str, parse_name: Callable[[str], object], read: Callable[["Table", str], T | None]
    ) -> dict[str, T] | None:
        """A table that may be left out, whose keys are names; `read` takes the value of one of them."""
        before = len(self.mistakes.found)
        table = self.table(key)
        if table is None:
            return {} if len(self.mistakes.found) == before else None
        found = {}
        for name in table._raw:
            self._parsed(table.at(name), name, parse_name)
            value = read(table, name)
            if value is not None:
                found[name] = value
        return found if len(self.mistakes.found) == before else None

    def required_table(self, key: str) -> "Table | None":
        if not self.require(key, f"[{self.at(key)}]"):
            return None
        return self.table(key)

    def named_tables(self, key: str, parse_name: Callable[[str], str], example: str) -> dict[str, "Table"]:
        """A required table whose keys are names and whose values are tables."""
        outer = self.table(key) if self.require(key, example) else None
        if outer is None:
            return {}
        found = {}
        for name in outer._raw:
            self._parsed(outer.at(name), name, parse_name)
            inner = outer.table(name)
            if inner is not None:
                found[name] = inner
        if not outer._raw:
            self.note(key, f"is empty: add at least one, e.g. {example}")
        return found

    def tables(self, key: str, example: str, required: bool = True) -> list["Table"]:
        """An array of tables; if required, with at least one."""
        if required:
            self.require(key, example)
        else:
            self._known.append(key)
        if key not in self._raw:
            return []
        values = self._raw[key]
        if not isinstance(values, list):
            self.note(key, f"must be an array of tables, {example}, not {_describe(values)}")
            return []
        if required and not values:
            self.note(key, f"must not be empty, e.g. {example}")
        found = []
        for position, value in enumerate(values):
            path = f"{self.at(key)}[{position}]"
            if isinstance(value, dict):
                found.append(Table(value, path, self.mistakes))
            else:
                self.mistakes.add(path, f"must be a table, {example}, not {_describe(value)}")
        return found

    def close(self) -> None:
        """Notes every key that nobody has asked for."""
        for key in self._raw:
            if key in self._known:
                continue
            self.note(key, f"unknown key: {did_you_mean(key, self._known, 'known are')}")

    def _parsed(self, path: str, value: object, parse: Callable[[str], T]) -> T | None:
        if not isinstance(value, str):
            self.mistakes.add(path, f"must be a string, not {_describe(value)}")
            return None
        try:
            return parse(value)
        except ValueError as error:
            self.mistakes.add(path, str(error))
            return None


def _describe(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "a date or time")
