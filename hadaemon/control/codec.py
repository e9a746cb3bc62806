"""JSON from dataclasses, and dataclasses from JSON: the one place where an answer or a request is read.

Strict: a field that is missing, or of a wrong kind, is an error that names it. Bounded: no text and no list
is longer than anybody sends. Fields that nobody knows are left out: a newer version has added them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from hadaemon.problems import Problem
from hadaemon.problems.words import ProblemWords, problem_of, words_of
from hadaemon.status.flat import FLAT

T = TypeVar("T")

MAX_TEXT = 1 << 16
"""Characters of a text."""
MAX_ITEMS = 1 << 16
"""Items of a list or an object."""
_MAX_NUMBER = 1 << 63

Reader: TypeAlias = Callable[[Any, str], Any]
"""The value from its JSON, and its place for an error. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a dataclass."""

    name: str
    kind: Any
    flat: bool
    """Its own fields stand in its place."""
    required: bool


def encode(value: Any) -> Any:
    """As `json.dumps` takes it."""
    if isinstance(value, Problem):
        return encode(words_of(value))
    if is_dataclass(value):
        return _encoded(value)
    if isinstance(value, Mapping):
        return {str(key): encode(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    return value


def decode(kind: type[T], raw: object, where: str = "answer") -> T:
    """What `encode` made of such a dataclass. `where`: what it is, for errors. Raises ValueError."""
    wanted: Any = kind
    value = reader_of(wanted)(raw, where)
    assert isinstance(value, kind)
    return value


@cache
def fields_of(kind: Any) -> tuple[Field, ...]:
    """The fields of a dataclass."""
    hints = get_type_hints(kind)
    return tuple(
        Field(
            each.name,
            hints[each.name],
            each.metadata == FLAT,
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(kind)
    )


def _encoded(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    found: dict[str, Any] = {}
    for each in fields_of(kind):
        inner = encode(getattr(value, each.name))
        found |= inner if each.flat else {each.name: inner}
    return found


@cache
def reader_of(kind: Any) -> Reader:
    """How values of a type are read. Raises TypeError for a type that messages have no place for."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is Problem:
        words = reader_of(ProblemWords)
        return lambda raw, where: problem_of(words(raw, where))
    if is_dataclass(kind):
        return _object_reader(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _word_reader(tuple(kind))
    return _generic_reader(kind, get_args(kind))


def _generic_reader(kind: Any, parts: tuple[Any, ...]) -> Reader:
    match get_origin(kind):
        case origin if origin is Union or origin is UnionType:
            return _union_reader(parts)
        case origin if origin is Literal:
            return _word_reader(parts)
        case origin if origin is tuple and parts[-1] is Ellipsis:
            return _list_reader(reader_of(parts[0]))
        case origin if origin is tuple:
            return _row_reader(tuple(map(reader_of, parts)))
        case origin if isinstance(origin, type) and issubclass(origin, Mapping):
            return _table_reader(*map(reader_of, parts))
        case _:
            raise TypeError(f"{kind} has no place in a message")


def _text(raw: Any, where: str) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"{where}: a text is wanted")
    if len(raw) > MAX_TEXT:
        raise ValueError(f"{where}: the text is too long")
    return raw


def _flag(raw: Any, where: str) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"{where}: true or false is wanted")
    return raw


def _whole(raw: Any, where: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > _MAX_NUMBER:
        raise ValueError(f"{where}: a whole number is wanted")
    return raw


def _number(raw: Any, where: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= _MAX_NUMBER:
        raise ValueError(f"{where}: a number is wanted")
    return float(raw)


def _nothing(raw: Any, where: str) -> None:
    if raw is not None:
        raise ValueError(f"{where}: null is wanted")


_PLAIN: Mapping[Any, Reader] = {str: _text, bool: _flag, int: _whole, float: _number, NoneType: _nothing}


def _word_reader(words: tuple[Any, ...]) -> Reader:
    known = {str(word): word for word in words}

    def read(raw: Any, where: str) -> Any:
        word = known.get(_text(raw, where))
        if word is None:
            raise ValueError(f"{where}: {raw[:40]!r} is none of {', '.join(known)}")
        return word

    return read


def _list_reader(item: Reader) -> Reader:
    def read(raw: Any, where: str) -> tuple[Any, ...]:
        items = _items(raw, where)
        return tuple(item(each, f"{where}[{number}]") for number, each in enumerate(items))

    return read


def _row_reader(cells: tuple[Reader, ...]) -> Reader:
    """A list of so many values, each of its own type."""

    def read(raw: Any, where: str) -> tuple[Any, ...]:
        items = _items(raw, where)
        if len(items) != len(cells):
            raise ValueError(f"{where}: {len(cells)} values are wanted")
        return tuple(
            cell(each, f"{where}[{i}]") for i, (cell, each) in enumerate(zip(cells, items, strict=True))
        )

    return read


def _table_reader(key: Reader, value: Reader) -> Reader:
    def read(raw: Any, where: str) -> dict[Any, Any]:
        items = _object(raw, where).items()
        return {key(name, where): value(each, f"{where}.{name[:40]}") for name, each in items}

    return read


def _object_reader(kind: Any) -> Reader:
    readers = [(each, reader_of(each.kind)) for each in fields_of(kind)]

    def read(raw: Any, where: str) -> Any:
        table = _object(raw, where)
        found = {}
        for each, reader in readers:
            if each.flat:
                found[each.name] = reader(table, where)
            elif each.name in table:
                found[each.name] = reader(table[each.name], f"{where}.{each.name}")
            elif each.required:
                raise ValueError(f"{where}.{each.name} is missing")
        try:
            return kind(**found)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error

    return read


def _union_reader(parts: tuple[Any, ...]) -> Reader:
    """Of several dataclasses each is known by its `Literal`; the last one may have none, and is any other."""
    optional = NoneType in parts
    marked = [(part, _mark_of(part)) for part in parts if part is not NoneType]

    def read(raw: Any, where: str) -> Any:
        if raw is None and optional:
            return None
        for part, mark in marked:
            if mark is None or (isinstance(raw, Mapping) and raw.get(mark[0]) in mark[1]):
                return reader_of(part)(raw, where)
        raise ValueError(f"{where}: it is none of what may stand there")

    return read


def _mark_of(kind: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The name of the field by which a dataclass is known among others, and its values there."""
    if not is_dataclass(kind):
        return None
    other: Any = kind
    marks = (each for each in fields_of(other) if get_origin(each.kind) is Literal)
    return next(((each.name, get_args(each.kind)) for each in marks), None)


def _items(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise ValueError(f"{where}: a list is wanted")
    if len(raw) > MAX_ITEMS:
        raise ValueError(f"{where}: the list is too long")
    return raw


def _object(raw: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where}: an object is wanted")
    if len(raw) > MAX_ITEMS:
        raise ValueError(f"{where}: the object is too big")
    return raw
