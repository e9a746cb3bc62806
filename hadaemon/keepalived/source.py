"""Text with a name and lines, and what is wrong in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hadaemon.errors import HadaemonError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class SourceError(HadaemonError):
    """A file is broken: nothing that follows could be understood."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(f"{place}: {what}")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read."""

    path: str
    text: str


Finder: TypeAlias = Callable[[str, Place], Sequence[Source]]
"""The files that an `include` at that place means. Raises SourceError: one is not there, or is no text."""

ScriptFinder: TypeAlias = Callable[[str, Place, str], str | None]
"""The text of the program that a command at that place names by its path; None: it is nowhere here. The third
is its first line, if it has none of its own that names an interpreter. Raises ValueError: it cannot be one of
ours, with the reason."""
