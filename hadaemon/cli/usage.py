"""What every command's `--help` has beside its arguments: examples and exit codes. Also walks the parser."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from hadaemon.cli.examples import EXAMPLES, Examples

EXIT_CODES = (
    (0, "done"),
    (1, "refused, or a wrong configuration: standard error has every reason"),
    (2, "wrong usage"),
    (3, "the daemon does not answer"),
    (4, "no permission: be root (sudo), or in the group hadaemon"),
    (130, "interrupted by Ctrl-C"),
)
"""The same for every command."""
_WIDTH = 79
"""Columns."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command of the parser."""

    path: str
    """E.g. `config apply`; empty: hactl itself."""
    summary: str
    parser: argparse.ArgumentParser

    @property
    def examples(self) -> Examples:
        """Empty: somebody forgot them, and a test tells."""
        return EXAMPLES.get(self.path, ())


class _Text(argparse.HelpFormatter):
    """Wraps prose, and leaves what comes after the arguments as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def walk(parser: argparse.ArgumentParser, path: str = "", summary: str = "") -> Iterator[Entry]:
    """hactl itself and every command and sub-command, each before its own ones."""
    yield Entry(path, summary, parser)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield from walk(inner, f"{path} {name}".strip(), told.get(name, ""))


def explain(parser: argparse.ArgumentParser) -> None:
    """Gives every command its description, examples and exit codes."""
    for entry in walk(parser):
        entry.parser.formatter_class = _Text
        entry.parser.description = _sentence(entry.parser.description or entry.summary)
        entry.parser.epilog = "\n".join(_epilog(entry))


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:].removesuffix('.')}." if summary else ""


def _epilog(entry: Entry) -> Iterator[str]:
    yield "examples:"
    yield from _side_by_side(entry.examples)
    yield ""
    yield "exit codes:"
    yield from (f"  {code:<5}{meaning}" for code, meaning in EXIT_CODES)


def _side_by_side(examples: Examples) -> Iterator[str]:
    """In two columns, where they fit."""
    column = max((len(command) for command, _ in examples), default=0) + 2
    if all(2 + column + len(text) <= _WIDTH for _, text in examples):
        yield from (f"  {command:<{column}}{text}" for command, text in examples)
        return
    for command, text in examples:
        yield f"  {command}"
        yield f"      {text}"
