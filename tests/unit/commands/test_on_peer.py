"""What whoever holds the pair's key may run on the other node: exactly what is declared."""

from collections.abc import Iterator

import pytest

from hadaemon.cli.parser import build_parsers
from hadaemon.commands.command import Command, host, number
from hadaemon.commands.on_peer import MAX_WORDS, READING, may_run, peer_options, refusal
from hadaemon.commands.table import COMMANDS
from tests.qemu.test_sync import READING as TRIED

PARSERS = build_parsers()
VALUE = "7"
_NEVER = ("-1", "²", "1 ", "", "--json", "/etc/shadow")
WRONG = {
    number: (*_NEVER, "1234567", "0x1"),
    host: (*_NEVER, "-f", "a b", "a;b", "$(id)", "a..b", "x" * 64, "host\n", "name/path"),
}
"""By what says whether it is one."""
IDS = [command.path for command in READING]


def options_of(path: str) -> set[str]:
    """Every option that the parser knows, hidden ones too."""
    PARSERS[path].fill()
    return {option for action in PARSERS[path]._actions for option in action.option_strings}


def accepted(command: Command) -> Iterator[list[str]]:
    """What may be said beside the command's name."""
    yield []
    for option in peer_options(command):
        yield [option.name] if option.value is None else [option.name, VALUE]


def test_each_command_that_reads_has_json():
    with_json = {path for path in PARSERS if "--json" in options_of(path)}
    assert {command.path for command in COMMANDS if command.json} == with_json
    assert {command.path for command in COMMANDS if command.reads} <= with_json
    assert set(IDS) == {command.path for command in COMMANDS if command.reads}


def test_two_booted_nodes_try_every_command_that_reads():
    assert set(TRIED) == set(IDS), "tests/qemu/test_sync.py: add it to READING"


@pytest.mark.parametrize("command", READING, ids=IDS)
def test_the_declared_options_are_accepted(command: Command):
    for words in accepted(command):
        assert may_run([*command.path.split(), *words])


@pytest.mark.parametrize("command", READING, ids=IDS)
def test_no_other_option_is_accepted(command: Command):
    path = command.path.split()
    declared = {option.name for option in peer_options(command)}
    for option in (options_of(command.path) | options_of("")) - declared | {"--", "-", ""}:
        for words in (
            [option],
            [option, VALUE],
            [f"{option}={VALUE}"],
            ["--json", option],
            [option, "--json"],
        ):
            assert not may_run([*path, *words]), words
        assert not may_run([option, VALUE, *path])
        assert not may_run([option, *path])


@pytest.mark.parametrize("command", READING, ids=IDS)
def test_no_abbreviation_value_or_place_is_accepted(command: Command):
    path = command.path.split()
    for option in peer_options(command):
        given = [option.name] if option.value is None else [option.name, VALUE]
        for end in range(1, len(option.name)):
            assert not may_run([*path, option.name[:end], *given[1:]])
        assert not may_run([*path, f"{option.name}={VALUE}"])
        if option.value is not None:
            assert not may_run([*path, option.name])
            for value in WRONG[option.value]:
                assert not may_run([*path, option.name, value]), value
        else:
            assert not may_run([*path, option.name, VALUE])
    for place in ("/etc/shadow", "17", "new.toml", "../x", ".", path[-1], f"{path[-1]}\0"):
        assert not may_run([*path, place])
    assert not may_run([*path[:-1], path[-1][:-1]])
    assert not may_run([" ".join(path), "--x"])
    assert not may_run([*path, *["--json"] * MAX_WORDS])


@pytest.mark.parametrize(
    "command", [each.path for each in COMMANDS if not each.reads], ids=lambda path: path or "hactl"
)
def test_no_other_command_is_accepted(command: str):
    assert not may_run(command.split())
    assert not may_run([*command.split(), "--json"])


def test_the_refusal_names_what_is_possible():
    assert all(f"`{command.path}`" in refusal() for command in READING)


def test_a_number_is_one():
    assert number("0")
    assert number("999999")
    assert not number("١٢")
