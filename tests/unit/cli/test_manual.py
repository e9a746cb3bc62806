"""What is made from hactl: up to date, well-formed, and what a person at a prompt gets from it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.manual import COMPLETION, PAGE, SCHEMA, completion, man_page, status_schema
from hadaemon.cli.parser import build_parsers
from hadaemon.commands.table import COMMANDS

ASK = """
source "$1"; shift
COMP_WORDS=(hactl "$@"); COMP_CWORD=$#
_shtab_hactl 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def tab(state: Path, *words: str) -> set[str]:
    """What bash offers for the last word."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", str(COMPLETION), *words],
        env={"HACTL_STATE": str(state), "PATH": "/usr/bin:/bin"},
        cwd=state,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "node.toml").write_text(
        'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "a"\n[ports.dmz-2]\n[ssh]\n[ports.x$(reboot)]\n'
    )
    for name in ("0000000009-0123456789abcdef", "0000000017-0123456789abcdef", "current"):
        (tmp_path / "generations" / name).mkdir(parents=True)
    (tmp_path / "new.toml").touch()
    return tmp_path


def test_all_are_up_to_date():
    assert PAGE.read_text() == man_page(), "run `python3 invoke.py manual`"
    assert COMPLETION.read_text() == completion(), "run `python3 invoke.py manual`"
    assert SCHEMA.read_text() == status_schema(), "run `python3 invoke.py manual`"


def test_every_command_is_completed_word_by_word(state: Path):
    for command in COMMANDS:
        *before, last = command.path.split() or [""]
        assert last in tab(state, *before, last[:2]) or not last


@pytest.mark.parametrize(
    "words,offered",
    [
        (("",), {"status", "config", "firmware", "help"}),
        (("config", ""), {"apply", "edit", "diff"}),
        (("status", "--"), {"--json", "--watch", "--verbose", "--help"}),
        (("maintenance", ""), {"on", "off"}),
        (("capture", ""), {"lan", "dmz-2"}),
        (("config", "rollback", ""), {"9", "17"}),
        (("config", "diff", ""), {"9", "17", "new.toml"}),
        (("config", "apply", "n"), {"new.toml", "node.toml"}),
        (("--peer", "sta"), {"status"}),
    ],
)
def test_what_tab_offers(state: Path, words: tuple[str, ...], offered: set[str]):
    assert offered <= tab(state, *words)


def test_nothing_but_what_fits(state: Path):
    assert tab(state, "capture", "l") == {"lan"}
    assert tab(state, "config", "rollback", "1") == {"17"}
    assert tab(state, "maintenance", "of") == {"off"}
    assert "--socket" not in tab(state, "status", "--"), "options of hactl itself come first"
    assert "--state" not in tab(state, "config", "apply", "--"), "only tests need that"


def test_without_a_configuration_there_is_nothing_to_offer(tmp_path: Path):
    assert tab(tmp_path, "capture", "") == set()
    assert tab(tmp_path, "config", "rollback", "") == set()


def test_the_page_has_every_command_option_and_example():
    page = PAGE.read_text().replace("\\-", "-")
    for path, parser in build_parsers().items():
        parser.fill()
        for command, _ in parser.command.examples:
            assert command in page or path in {"config", "key", "pair", "firmware", "backup", "hotwire"}
        for action in parser._actions:
            for option in action.option_strings:
                assert option in page or action.help == "==SUPPRESS==" or option in ("-h", "--help")


def test_the_page_is_what_man_understands():
    page = PAGE.read_text()
    macros = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert macros <= {'.\\"', ".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".br"}
    assert not re.search(r"(?<!\\)-", "".join(line for line in page.splitlines() if line.startswith(".B")))
    groff = shutil.which("groff")
    if groff is not None:
        done = subprocess.run(
            [groff, "-man", "-Tascii", "-ww", PAGE], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        assert "interrupted by Ctrl" in done.stdout
