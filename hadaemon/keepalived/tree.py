"""Lines to blocks, each statement with its place: `keyword words … { statements }`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hadaemon.keepalived.lines import Line
from hadaemon.keepalived.source import Place, SourceError

_TOKEN = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'(?=[\s{}]|\Z))|([{}])|([^\s"{}]+)""")
_MAX_DEPTH = 16
"""Blocks within blocks. Real ones have four."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a configuration, with the block that it begins."""

    words: tuple[str, ...]
    place: Place
    block: tuple["Statement", ...] | None = None
    """None: it begins none."""

    @property
    def keyword(self) -> str:
        """Its first word."""
        return self.words[0]

    @property
    def rest(self) -> str:
        """What follows the first word."""
        return " ".join(self.words[1:])

    @property
    def within(self) -> tuple["Statement", ...]:
        """The statements of its block."""
        return self.block or ()


@dataclass(slots=True)
class _Open:
    """A block that is being read."""

    words: tuple[str, ...]
    place: Place
    done: list[Statement] = field(default_factory=list)


def read_tree(lines: Iterable[Line]) -> tuple[Statement, ...]:
    """Raises SourceError."""
    stack = [_Open((), Place("", 0))]
    for line in lines:
        for words in _pieces(line.text):
            if words == "{":
                _begin(stack, line.place)
            elif words == "}":
                _end(stack, line.place)
            else:
                stack[-1].done.append(Statement(tuple(words), line.place))
    if len(stack) > 1:
        name = " ".join(stack[-1].words)
        raise SourceError(stack[-1].place, f"the block {name} is not closed: add a }}")
    return tuple(stack[0].done)


def _begin(stack: list[_Open], place: Place) -> None:
    done = stack[-1].done
    if not done or done[-1].block is not None:
        raise SourceError(place, "a block begins here that has no name: remove the {, or name it")
    if len(stack) > _MAX_DEPTH:
        raise SourceError(place, "blocks are nested too deeply: is it the right file?")
    name = done.pop()
    stack.append(_Open(name.words, name.place))


def _end(stack: list[_Open], place: Place) -> None:
    if len(stack) == 1:
        raise SourceError(place, "a block ends here that did not begin: remove the }")
    inner = stack.pop()
    stack[-1].done.append(Statement(inner.words, inner.place, tuple(inner.done)))


def _pieces(text: str) -> Iterator[tuple[str, ...] | str]:
    """The words between braces, and each brace by itself."""
    words: list[str] = []
    for quoted, single, brace, word in (found.groups() for found in _TOKEN.finditer(text)):
        if brace:
            if words:
                yield tuple(words)
            words = []
            yield brace
        else:
            words.append(word or quoted or single or "")
    if words:
        yield tuple(words)
