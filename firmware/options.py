"""The options of a task, each written once: a field of a dataclass with its help, its default and its check.

From these fields come the task's command line and its `--help` (`firmware/tasks.py`), the check of what was
typed, and the tables in docs/ (`firmware/manual.py`). Checks here look at the value alone; what has to be
compared with this machine, such as a file's being there, is refused by the work itself.
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

from firmware.errors import FirmwareError

_KEY = "option"
_NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}


class MissingOption(FirmwareError):
    """One that must be given was not."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a value must be; else `wrong` is the sentence (`{}`: the value), and `todo` what to do."""

    holds: Callable[[Any], bool]
    wrong: str
    todo: str


def one_of(things: str, words: tuple[str, ...]) -> Check:
    """The value is one of these words; `things`: what they name, in the plural."""
    return Check(lambda value: value in words, f"there are no {things} {{!r}}", f"one of {', '.join(words)}")


def at_least(least: float, wrong: str) -> Check:
    """The value is a number that is not smaller."""
    return Check(lambda value: value >= least, wrong, f"give a number from {least} on")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a task as its user meets it."""

    name: str
    """As it is typed, without the dashes."""
    help: str
    kind: Any
    """The type of its value."""
    default: Any
    """MISSING of `dataclasses`: it must be given."""
    check: Check | None

    @property
    def field(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")

    @property
    def many(self) -> bool:
        """It may be given several times."""
        return bool(self.kind == tuple[str, ...])

    @property
    def help_with_default(self) -> str:
        """Its help with its default, where that is one that a user would type."""
        named = self.default if isinstance(self.default, (str, int, float)) and self.kind is not bool else ""
        text = str(named).removesuffix(".0") if self.kind is float else str(named)
        return f"{self.help} (default {text})" if named else self.help

    def read(self, typed: Any) -> Any:
        """The value of what was typed. Nothing typed, or an empty word, is the default.

        Raises FirmwareError: it is no value of this kind, or one that must be given was not.
        """
        if typed in (None, "", []):
            return self._unless_needed()
        if self.many:
            return tuple(typed)
        if self.kind in _NUMBERS:
            return self._number(typed)
        return Path(typed) if Path in (self.kind, *get_args(self.kind)) else typed

    def examine(self, value: Any) -> None:
        """Raises FirmwareError: the value cannot be meant."""
        if self.check and not self.check.holds(value):
            raise FirmwareError(self.check.wrong.format(value), f"--{self.name}", self.check.todo)

    def _unless_needed(self) -> Any:
        if self.default is dataclasses.MISSING:
            raise MissingOption(f"--{self.name} is missing", f"--{self.name}", f"name {self.help}")
        return self.default

    def _number(self, typed: str) -> Any:
        try:
            return self.kind(typed)
        except ValueError:
            raise FirmwareError(f"{typed!r} is not {_NUMBERS[self.kind]}", f"--{self.name}") from None


@dataclass(frozen=True)
class Options:
    """The base of every task's options. Raises FirmwareError at making for a value that cannot be meant."""

    def __post_init__(self) -> None:
        for each in options_of(type(self)):
            each.examine(getattr(self, each.field))

    @classmethod
    def typed(cls, words: dict[str, Any]) -> Self:
        """From the words of a command line, by the fields' names. Raises FirmwareError."""
        return cls(**{each.field: each.read(words[each.field]) for each in options_of(cls)})


def option(help_text: str, default: Any = dataclasses.MISSING, check: Check | None = None) -> Any:
    """A field of a task's options; the help says what the value is for, and not the default."""
    return dataclasses.field(default=default, metadata={_KEY: (help_text, check)})


def options_of(cls: type[Options]) -> Iterator[Option]:
    """In the order in which they are written; fields that are no options are left out."""
    kinds = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if _KEY in field.metadata:
            text, check = field.metadata[_KEY]
            yield Option(field.name.replace("_", "-"), text, kinds[field.name], field.default, check)


def table(cls: type[Options]) -> str:
    """The options as a table of Markdown."""
    rows = [f"| `{_typed(each)}` | {each.help_with_default} |\n" for each in options_of(cls)]
    return "".join(("| option | meaning |\n", "| --- | --- |\n", *rows))


def _typed(each: Option) -> str:
    return f"--{each.name}" if each.kind is bool else f"--{each.name} {each.name.upper()}"
