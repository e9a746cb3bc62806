"""Every command says how it is used, and what it says is true."""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hadaemon.cli.failure import Exit
from hadaemon.cli.main import main
from hadaemon.cli.parser import build_parser, build_parsers
from hadaemon.cli.usage import EXIT_CODES
from hadaemon.commands.command import Command
from hadaemon.commands.on_peer import READING, may_run, peer_options
from hadaemon.commands.table import COMMANDS, known_commands

PARSERS = build_parsers()
for each in PARSERS.values():
    each.fill()
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("path", PARSERS)
def test_every_command_has_help_with_examples_and_exit_codes(path: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main([*path.split(), "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert PARSERS[path].command.examples, f"add examples of {path!r} to hadaemon/commands"
    for command, text in PARSERS[path].command.examples:
        assert command in told
        assert text in told
    assert "exit codes:" in told
    assert all(len(line) < 80 for line in told.splitlines())
    main(["help", *path.split()])
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("command", [line for each in COMMANDS for line, _ in each.examples])
def test_every_example_is_accepted(command: str):
    words = [word for word in shlex.split(command) if word != "sudo" and not word.startswith("EDITOR=")]
    assert words[0] == "hactl"
    if words[1] == "--peer":
        assert may_run(words[2:])
        return
    options = build_parser().parse_args(words[1:])
    assert callable(options.run)


LEFT_OUT = {
    ("status", "--watch"): "it does not end",
    ("alarms", "--test"): "it sends something",
    ("check", "--wait"): "this node would be kept waiting",
    ("connections", "--here"): "it is always so",
    ("config check", "--node"): "it would read any file, as root",
    ("config check", "--cluster"): "it would read any file, as root",
    ("config diff", "--peer"): "that node would ask this one",
    ("config diff", "other"): "it would read any file, as root",
}
"""What of a reading command the other node may not ask for, and why."""


@pytest.mark.parametrize("command", READING, ids=lambda each: each.path)
def test_the_peer_may_use_each_option_of_a_reading_command(command: Command):
    """Those that a command gets later, too."""
    actions = PARSERS[command.path]._actions
    shown = [each for each in actions if each.dest != "help" and each.help != argparse.SUPPRESS]
    worded = command.peer_words is not None
    shown = [each for each in shown if each.option_strings or not worded]
    names = {(action.option_strings or [action.dest])[-1] for action in shown}
    allowed = {option.name for option in peer_options(command)}
    assert allowed <= names
    left_out = {option for path, option in LEFT_OUT if path == command.path}
    assert names - allowed == left_out, "declare the option in `peer=`, or say in LEFT_OUT why not"
    assert "--json" in allowed, "the manual promises it"


def test_every_example_belongs_to_its_command():
    for command in COMMANDS:
        for line, _ in command.examples:
            assert command.path in line, f"{line!r} is an example of {command.path!r}"


def test_help_of_what_does_not_exist(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["help", "config", "aply"])
    assert ended.value.code == Exit.USAGE
    assert "no command 'config aply'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line,told",
    [
        ("statsu", "there is no command `hactl statsu`: did you mean status? `hactl --help` lists all"),
        ("config shwo", "there is no command `hactl config shwo`: did you mean show?"),
        ("frobnicate", "there is no command `hactl frobnicate`: `hactl --help` lists all"),
        ("status --chekc", "hactl status: error: unrecognized arguments: --chekc: did you mean --check?"),
        ("status --peer", "unrecognized arguments: --peer: it comes first, `hactl --peer status`"),
        ("status now", "hactl status: error: unrecognized arguments: now"),
        ("history --zzz", "hactl history: error: unrecognized arguments: --zzz"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(line: str, told: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == Exit.USAGE
    assert told in capsys.readouterr().err


def test_the_version_is_that_of_the_firmware(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "os-release").write_text('IMAGE_VERSION="1.2.3"\n')
    (tmp_path / "cmdline").write_text("quiet rauc.slot=B\n")
    monkeypatch.setattr("hadaemon.state.release.OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr("hadaemon.state.release.KERNEL_COMMAND_LINE", tmp_path / "cmdline")
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "hactl of firmware 1.2.3, slot B\n"


def test_the_exit_codes_are_those_that_commands_end_with():
    assert {code for code, _ in EXIT_CODES} == set(map(int, Exit))


def test_the_manual_has_the_same_exit_codes():
    page = (ROOT / "docs/hactl.md").read_text()
    table = page[page.index("## Exit codes") : page.index("## status")]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(map(int, Exit))


@pytest.mark.parametrize("path", [command.path for command in COMMANDS if command.loads])
def test_the_manual_names_every_command(path: str):
    """A command of a group may be named by its last word, in the row of another one of the group."""
    page = (ROOT / "docs/hactl.md").read_text()
    group, _, word = path.rpartition(" ")
    named = rf"`hactl {path}[ `]"
    if group:
        named += rf"|^\| `hactl {group} ((?! \| ).)*`({group} )?{word}[ `]"
    commands = page[: page.index("## Exit codes")]
    assert re.search(named, commands, re.MULTILINE), f"docs/hactl.md: add `hactl {path}` to its table"


def test_every_command_that_reads_answers_programs():
    """All but conversations, help texts, and changes of the configuration or the firmware."""
    others = {"", "config", "hotwire", "key", "pair", "backup", "firmware", "menu", "help", "support"}
    changing = {"config edit", "config apply", "config confirm", "config rollback", "config reset"}
    changing |= {"config activate", "config deactivate", "config move-to-cluster", "config move-to-node"}
    changing |= {"config sync", "key generate", "key trust", "key revoke", "pair show", "pair enter"}
    changing |= {"backup create", "backup restore", "firmware install", "firmware sync", "firmware keep"}
    changing |= {"firmware rollback", "firmware mark-good", "firmware upgrade"}
    for path, parser in PARSERS.items():
        options = {option for action in parser._actions for option in action.option_strings}
        assert ("--json" in options) == (path not in others | changing), (
            f"{path}: declare `json=`, or name it in `others` or `changing` here"
        )


def test_ctrl_c_is_no_traceback():
    code = (
        "from hadaemon.cli import main\n"
        "def stop():\n raise KeyboardInterrupt\n"
        "main.build_parser = stop\n"
        "raise SystemExit(main.main(['status']))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (Exit.INTERRUPTED, "", "\n")


def test_the_commands_that_the_menu_may_offer():
    assert {"status", "firmware", "help"} <= known_commands()
    assert not any(" " in command for command in known_commands())


@pytest.mark.parametrize(
    "words,loaded", [("--help", ""), ("config --help", ""), ("resume --help", "hadaemon.cli.administration")]
)
def test_only_the_module_of_the_command_that_runs_is_loaded(words: str, loaded: str):
    modules = {f"hadaemon.cli.{command.loads.partition(':')[0]}" for command in COMMANDS if command.loads}
    code = (
        "import sys; from hadaemon.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print(*({modules!r} & sys.modules.keys()))"
    )
    command = [sys.executable, "-P", "-c", code, *words.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == loaded
