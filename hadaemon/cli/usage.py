"""What every command's `--help` has beside its arguments: description, examples and exit codes. Pure."""

import argparse
from collections.abc import Iterator

from hadaemon.commands.command import Command, Examples
from hadaemon.language.speech import _, marked

EXIT_CODES = (
    (0, marked("done")),
    (1, marked("refused, or a wrong configuration: standard error has every reason")),
    (2, marked("wrong usage")),
    (3, marked("the daemon does not answer")),
    (4, marked("no permission: be root (sudo), or in the group hadaemon")),
    (130, marked("interrupted by Ctrl-C")),
)
"""The same for every command."""
_WIDTH = 79
"""Columns."""


class Text(argparse.HelpFormatter):
    """Wraps prose, and leaves what comes after the arguments as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def sentence(summary: str) -> str:
    """As a description begins and ends."""
    return f"{summary[:1].upper()}{summary[1:].removesuffix('.')}." if summary else ""


def epilog(command: Command) -> str:
    """What comes after the arguments."""
    return "\n".join(_epilog(command))


def _epilog(command: Command) -> Iterator[str]:
    yield _("examples:")
    yield from _side_by_side(tuple((line, _(what)) for line, what in command.examples))
    yield ""
    yield _("exit codes:")
    yield from (f"  {code:<5}{_(meaning)}" for code, meaning in EXIT_CODES)


def _side_by_side(examples: Examples) -> Iterator[str]:
    """In two columns, where they fit."""
    column = max((len(command) for command, _ in examples), default=0) + 2
    if all(2 + column + len(text) <= _WIDTH for _, text in examples):
        yield from (f"  {command:<{column}}{text}" for command, text in examples)
        return
    for command, text in examples:
        yield f"  {command}"
        yield f"      {text}"
