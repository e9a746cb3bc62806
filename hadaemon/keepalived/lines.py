"""keepalived.conf to lines, as keepalived.conf(5) has it: comments, includes, conditions and definitions.

Definitions are replaced where they are used, not where they are made. What is not read here is refused
with its place: `~SEQ` and `~LST`, and definitions that only a running keepalived knows.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from hadaemon.keepalived.source import Finder, Place, Source, SourceError

_DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*(.*)\Z", re.DOTALL)
_USE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)[^}]*\}|([A-Za-z0-9_]+)(?=\s|\Z))")
_CONDITION = re.compile(r"@(\^?)(\S*)[ \t]+(.*)\Z", re.DOTALL)
_INCLUDE = re.compile(r"include([rmwba]?)\s+(.*)\Z", re.DOTALL)
_SPECIAL = re.compile(r"[!#\"\\]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNKNOWABLE = ("_RANDOM", "_ENV")

_MAX_STEPS = 100_000
"""Lines and replacements altogether. A real configuration has some thousand; more is one without an end."""
_MAX_LENGTH = 10_000
"""Characters of a line after replacements."""
_MAX_INCLUDES = 16
"""Files within files."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with something in it, without comments, conditions and definitions."""

    text: str
    place: Place


@dataclass(slots=True)
class Lines:
    """Reads one configuration as keepalived would with `--config-id` set to `config_id`."""

    config_id: str
    find: Finder
    ids: dict[str, Place] = field(default_factory=dict)
    """The ids that conditions name, each with where it was met first."""
    _values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _steps: int = 0

    def of(self, source: Source, within: tuple[str, ...] = ()) -> Iterator[Line]:
        """`within`: the files that include this one. Raises SourceError."""
        for text, place in _joined(source):
            due = deque([text])
            while due:
                plain = self._plain(due.popleft(), place, due)
                included = _INCLUDE.match(plain)
                if included:
                    yield from self._include(included[2].strip(' \t"'), place, (*within, source.path))
                elif plain:
                    yield Line(plain, place)

    def _include(self, pattern: str, place: Place, within: tuple[str, ...]) -> Iterator[Line]:
        for source in self.find(pattern, place):
            if source.path in within or len(within) >= _MAX_INCLUDES:
                raise SourceError(place, f"{source.path} is included by itself: remove this line")
            yield from self.of(source, within)

    def _plain(self, text: str, place: Place, due: deque[str]) -> str:
        """What is left of a line; empty: nothing. More lines of a definition become due."""
        while True:
            self._step(place)
            text = text.strip()
            if text.startswith("@"):
                text = self._on_condition(text, place)
            if self._defined(text):
                return ""
            if text.startswith(("~SEQ", "~LST")):
                raise SourceError(place, f"{text[:4]} is not read here: write out the lines that it makes")
            replaced = self._replaced(text, place, due)
            if replaced is None:
                _refuse_undefined(text, place)
                return text.rstrip("\\").rstrip()
            text = replaced

    def _step(self, place: Place) -> None:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise SourceError(place, "definitions without an end: one of them uses itself")

    def _on_condition(self, text: str, place: Place) -> str:
        """The line without its condition; empty: it is meant for others."""
        found = _CONDITION.match(text)
        if not found:
            return ""
        negative, name, rest = found.groups()
        self.ids.setdefault(name, place)
        return "" if (name == self.config_id) == bool(negative) else rest

    def _defined(self, text: str) -> bool:
        """Whether the line is a definition, which is then kept."""
        found = _DEFINITION.match(text)
        if found:
            self._values[found[1]] = tuple(line.strip() for line in found[2].split("\n"))
        return bool(found)

    def _replaced(self, text: str, place: Place, due: deque[str]) -> str | None:
        """With the first use of a definition replaced; None: there is none."""
        for use in _USE.finditer(text):
            name = use[1] or use[2]
            value = self._value(name, place)
            if value is None:
                continue
            replaced = text[: use.start()] + value[0] + text[use.end() :]
            if len(replaced) > _MAX_LENGTH:
                raise SourceError(place, f"the line becomes too long by ${name}: does it use itself?")
            due.extendleft(reversed(value[1:]))
            return replaced
        return None

    def _value(self, name: str, place: Place) -> tuple[str, ...] | None:
        if name in self._values:
            return self._values[name]
        if name in _UNKNOWABLE:
            raise SourceError(place, f"${{{name}}} is known on the node alone: write its value here")
        folder = place.file.rpartition("/")[0] or "."
        known = {"_PWD": folder, "_INSTANCE": self.config_id, "_HASH": "#", "_BANG": "!"}
        return (known[name],) if name in known else None


def _joined(source: Source) -> Iterator[tuple[str, Place]]:
    """The lines of a file without comments, a definition of several lines as one with line breaks in it."""
    kept: list[str] = []
    begin = Place(source.path, 1)
    for number, line in enumerate(source.text.removeprefix("\ufeff").split("\n"), 1):
        place = Place(source.path, number)
        begin = begin if kept else place
        plain = _decommented(line, place)
        if plain.endswith("\\") and (kept or plain.startswith(("$", "@"))):
            kept.append(plain[:-1].rstrip())
            continue
        yield "\n".join((*kept, plain)), begin
        kept = []
    if kept:
        yield "\n".join(kept), begin


def _decommented(text: str, place: Place) -> str:
    """Without comment and white space around. Within double quotes # and ! are ordinary."""
    if "\0" in text:
        raise SourceError(place, "is no text: is it the right file?")
    quoted, at, kept = False, 0, ""
    while found := _SPECIAL.search(text, at):
        kept, at, mark = kept + text[at : found.start()], found.end(), found[0]
        if mark == "\\" and at < len(text):
            kept += text[at] if not quoted and text[at] in "#!" else text[at - 1 : at + 1]
            at += 1
        elif mark in "#!" and not quoted:
            at = len(text)
        else:
            quoted = quoted != (mark == '"')
            kept += mark
    if quoted:
        raise SourceError(place, "a quotation mark is not closed on this line")
    return (kept + text[at:]).strip()


def _refuse_undefined(text: str, place: Place) -> None:
    """Its brace would be taken for the beginning of a block."""
    bare = _QUOTED.sub("", text)
    if "${" in bare:
        name = bare.partition("${")[2].partition("}")[0]
        raise SourceError(place, f"${{{name}}} is not defined: define it, or write its value here")
