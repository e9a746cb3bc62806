"""Whoever types a command wrongly gets exit code 2, whichever command it is, and nothing is run."""

import argparse
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from hadaemon.cli import main as module
from hadaemon.cli.failure import Exit
from hadaemon.commands.command import Command
from hadaemon.commands.table import COMMANDS

SURPLUS = [f"surplus{number}" for number in range(8)]
"""More words than any command takes."""
LEAVES = [command for command in COMMANDS if command.loads]
GROUPS = [command for command in COMMANDS if not command.loads]


def path(command: Command) -> str:
    return command.path or "hactl"


@pytest.fixture
def code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], object]:
    """Types a command line; its exit code. What would be run is not."""
    build = module.build_parser

    def harmless() -> Any:
        parser = build()
        parse = parser.parse_args

        def parse_only(given: list[str]) -> argparse.Namespace:
            options = parse(given)
            if options.run.__module__ != "hadaemon.cli.help":  # It reads its words itself.
                pytest.fail(f"hactl {shlex.join(given)} would be run")
            return options

        monkeypatch.setattr(parser, "parse_args", parse_only)
        return parser

    monkeypatch.setattr(module, "build_parser", harmless)

    def type_it(words: list[str]) -> object:
        try:
            ended: object = module.main(words)
        except SystemExit as error:
            ended = error.code
        told = capsys.readouterr()
        assert told.out == "", "what is wrong is told on standard error"
        assert told.err
        return ended

    return type_it


def example(command: Command) -> list[str]:
    """The words of its first example behind `hactl`: what it needs is there."""
    words = shlex.split(command.examples[0][0])
    return words[words.index("hactl") + 1 :]


@pytest.mark.parametrize("command", COMMANDS, ids=path)
def test_an_unknown_option(command: Command, code: Callable[[list[str]], object]) -> None:
    assert code([*command.path.split(), "--no-such-option"]) == Exit.USAGE
    if command.loads:
        assert code([*example(command), "--no-such-option"]) == Exit.USAGE


@pytest.mark.parametrize("command", LEAVES, ids=path)
def test_words_too_many(command: Command, code: Callable[[list[str]], object]) -> None:
    assert code([*example(command), *SURPLUS]) == Exit.USAGE


@pytest.mark.parametrize("command", GROUPS, ids=path)
def test_a_group_without_a_command_or_with_an_unknown_one(
    command: Command, code: Callable[[list[str]], object]
) -> None:
    assert code(command.path.split()) == Exit.USAGE
    assert code([*command.path.split(), "no-such-command"]) == Exit.USAGE


def test_a_wrong_word_before_a_command(code: Callable[[list[str]], object]) -> None:
    assert code(["--no-such-option", "status"]) == Exit.USAGE
    assert code(["no-such-command", "status"]) == Exit.USAGE


@pytest.mark.parametrize("words", [["switch"], [], ["status", "--watch"], ["config", "edit"], ["frobnicate"]])
def test_what_the_peer_cannot_be_asked_is_a_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert module.main(["--peer", *words]) == Exit.USAGE
    assert "only commands that read can be run on the peer" in capsys.readouterr().err
