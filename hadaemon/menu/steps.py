"""The steps of a flow: the vocabulary between the flows and whoever talks to the person."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Translate: TypeAlias = Callable[[str], str]
"""gettext: an English text to the same in the language of the person."""


def marked(text: str) -> str:
    """Puts a reason of `Failed` into the catalogs: it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Ask:
    """One line of text, validated at once."""

    key: str
    """The same in every language and version: programs recognise a question by it."""
    title: str
    text: str
    """What it is about, in one or two sentences."""
    parse: Callable[[str], object]
    """Raises ValueError with what is wrong, in one line."""
    expects: str
    """One line that says what is expected, with an example."""
    help: str
    default: str = ""
    """The answer that Enter alone gives; empty: there is no default."""
    optional: bool = False
    """Enter alone is an answer, too: nothing."""
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


class Contradiction(ValueError):
    """What is wrong with an answer because of the answers to other questions, if it is because of any."""

    def __init__(self, message: str, *questions: Ask | Choose) -> None:
        super().__init__(message)
        self.questions = questions
        """Those that were asked before."""

    def told(self, _: Translate, answered: Callable[[str], str]) -> str:
        """With the names of those questions; `answered`: what was typed at the one with a key."""
        if not self.questions:
            return str(self)
        answers = (
            f'"{each.title}" ({each.key})' + (f": {typed}" if (typed := answered(each.key)) else "")
            for each in self.questions
        )
        return f"{self}. " + _("It contradicts {answers}").format(answers="; ".join(answers))


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

    action: object
    """One of `hadaemon.menu.actions`."""
    doing: str = ""
    """What to show meanwhile, where it takes time."""
    final: bool = False
    """It cannot be taken back: once it has succeeded, nobody can go back behind it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It failed; every reason is one line."""

    reasons: tuple[str, ...]


MenuStep: TypeAlias = Ask | Choose | Show | Pause | Act
Flow: TypeAlias = Generator[MenuStep, Any, T]
"""Generators are not typed by what is sent for what is yielded; `Any` is each step's own answer."""
