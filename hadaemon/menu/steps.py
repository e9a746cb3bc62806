"""What a flow can ask for: the vocabulary between the flows and whoever talks to the person."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Voice: TypeAlias = Callable[[str], str]
"""gettext: an English text to the same in the language of the person."""


def marked(text: str) -> str:
    """Puts a reason of `Failed` into the catalogs: it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Ask:
    """One line of text, validated at once."""

    key: str
    """The same in every language and version: programs know a question by it."""
    title: str
    text: str
    """What it is about, in one or two sentences."""
    parse: Callable[[str], object]
    """Raises ValueError with what is wrong, in one line."""
    expects: str
    """One line that says what is expected, with an example."""
    help: str
    default: str = ""
    """What Enter alone stands for; empty: there is no default."""
    optional: bool = False
    """Enter alone is an answer: nothing."""
    secret: bool = False
    """Never echoed, shown or remembered."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of several answers."""

    word: str
    """The same in every language; a program may answer with it in place of the number."""
    label: str


@dataclass(frozen=True, slots=True)
class Choose:
    """One of a few numbered answers; what comes back is the option's word."""

    key: str
    title: str
    text: str
    options: tuple[Option, ...]
    help: str
    default: str = ""
    """A word; empty: there is no default."""


@dataclass(frozen=True, slots=True)
class Show:
    """Something to read. Nothing comes back."""

    lines: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Waits for Enter, so that what was shown can be read. Nothing comes back."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done; what comes back is its result, or `Failed`."""

    deed: object
    """One of `hadaemon.menu.deeds`."""
    doing: str = ""
    """What to tell meanwhile, where it takes time."""
    final: bool = False
    """What was done cannot be taken back: once it succeeded, nobody goes back behind it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A deed that came to nothing; every reason is one line."""

    reasons: tuple[str, ...]


MenuStep: TypeAlias = Ask | Choose | Show | Pause | Act
Flow: TypeAlias = Generator[MenuStep, Any, T]
"""Generators are not typed by what is sent for what is yielded; `Any` is each step's own answer."""
