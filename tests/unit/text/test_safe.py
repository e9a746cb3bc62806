"""Nothing that a file, another node or a device says steers the terminal that it is shown on."""

import io
import json
import re
import sys
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware import __main__ as tasks
from hadaemon.cli.colour import coloured
from hadaemon.cli.main import main
from hadaemon.console.terminal import Line
from hadaemon.operations import peer
from hadaemon.setup.render import console_message, issue
from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition
from hadaemon.text.safe import own, safe, safe_output

NONE = Configuration(Condition.UNCONFIGURED)
ROOT = Path(__file__).parents[3]
EVIL = "\x1b]0;owned\x07 \x9b2J \x7f\r \u202eevil\u2066 \u200b\ufeff \u2028 \U000e0041"
"""A title, an erased screen, a line that overwrites itself, text that runs backwards, and what hides."""
STEERS = re.compile("[^\\n\\t -~\\xa0-\\xac\\xae-\\u05ff\\u2010-\\u2027]")

OWN = {
    *("firmware/build/progress.py", "firmware/flash/write.py", "firmware/lab/screen.py"),
    *("firmware/provision/progress.py", "hadaemon/cli/colour.py", "hadaemon/cli/firmware.py"),
    *("hadaemon/cli/install.py", "hadaemon/cli/status.py"),
}
"""What moves the cursor or has colours: all else in it is safe, or our own."""
ASKS = {
    *("firmware/deploy/deploy.py", "firmware/flash/flash.py", "firmware/host.py", "firmware/screens/box.py"),
    *("hadaemon/cli/person.py", "hadaemon/console/terminal.py"),
}
"""Who asks: `input` itself prints the question on a terminal. In these it is safe, or has nothing foreign."""
PAST = re.compile(r"sys\.__std|os\.write\((1|2|sys\.std)|sys\.std(out|err)\.buffer")
PASSED_ON = {"firmware/lab/attach.py", "hadaemon/helper/relay.py"}
"""The serial console of a node in the lab, as it is, and a file between two programs."""


def _toml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'


def test_no_character_that_steers_stays() -> None:
    for number in range(0x110000):
        shown = safe(chr(number))
        assert shown == "\n\t"[number - 10 : number - 9] or all(map(_prints, shown)) or chr(number) in "\n\t"
        if chr(number).isprintable():
            assert shown == chr(number)


def _prints(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def test_text_as_it_should_be_stays() -> None:
    text = "alpha\tist aktiv – größer …\n\tzweite Zeile\n"
    assert safe(text) == text
    assert safe("a\r\nb") == "a\nb"


def test_json_stays_json() -> None:
    told = {"reason": EVIL}
    assert json.loads(safe(json.dumps(told, ensure_ascii=False))) == told


def test_both_programs_have_the_same() -> None:
    here, there = (ROOT / name / "safe.py" for name in ("hadaemon/text", "firmware"))
    assert here.read_bytes() == there.read_bytes()


def test_colours_are_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hadaemon.cli.colour.has_colours", lambda _: True)
    assert coloured("\x1b[32mgood") == "\\u001b[32mgood"


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_what_a_file_says_is_shown_safely(tmp_path: Path, capsys, arguments: tuple[str, ...]) -> None:
    (tmp_path / "node.toml").write_text(f"schema = 1\nname = {_toml(EVIL)}\n{_toml(EVIL)} = 1\n")
    assert main(["config", "check", "--node", str(tmp_path / "node.toml"), *arguments])
    shown = "".join(capsys.readouterr())
    assert "owned" in shown
    assert not STEERS.findall(shown)


def test_what_the_other_node_says_is_shown_safely(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    @contextmanager
    def other(_state):
        yield SimpleNamespace(hactl=lambda _: SimpleNamespace(out=f"{EVIL}\n", errors=f"{EVIL}\n", code=0))

    monkeypatch.setattr(peer, "peer_of", other)
    assert main(["--peer", "status"]) == 0
    for shown in capsys.readouterr():
        assert "owned" in shown
        assert not STEERS.findall(shown)


def test_what_is_typed_wrongly_is_shown_safely(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["status", EVIL])
    assert not STEERS.findall(capsys.readouterr().err)


def test_the_tasks_show_safely(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cluster.toml", "alpha/node.toml", "beta/node.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"schema = 1\n{_toml(EVIL)} = 1\n")
    monkeypatch.setattr(sys, "argv", ["invoke.py", "check", str(tmp_path)])
    monkeypatch.setattr(tasks, "end_as_by_ctrl_c", lambda: None)
    with pytest.raises(SystemExit):
        tasks.main()
    shown = "".join(capsys.readouterr())
    assert "owned" in shown
    assert not STEERS.findall(shown)


def test_the_menu_shows_safely(capsys) -> None:
    Line.write(Line.__new__(Line), EVIL)
    assert re.fullmatch("[ -~]*\n", capsys.readouterr().out)


def test_the_console_shows_problems_safely() -> None:
    for shown in (
        issue(NONE, (EVIL,), "1", False),
        console_message(NONE, (EVIL,)),
    ):
        assert "owned" in shown
        assert not STEERS.findall(shown)


def test_what_is_printed_is_safe_until_the_program_ends() -> None:
    before = sys.stdout
    sys.stdout = out = io.StringIO()
    try:
        with safe_output():
            print(EVIL)
            print("\x1b[m", file=own(sys.stdout))
        print("\x1b[m")
    finally:
        sys.stdout = before
    first, second, third, _ = out.getvalue().split("\n")
    assert not STEERS.findall(first)
    assert second == third == "\x1b[m"


def test_nobody_prints_past_it() -> None:
    """A new way to the terminal is named above, with its reason."""
    owns, asks, past = set(), set(), set()
    for path in (each for name in ("hadaemon", "firmware") for each in (ROOT / name).rglob("*.py")):
        name, text = str(path.relative_to(ROOT)), path.read_text()
        if re.search(r"\bown\((sys\.|stream )", text) and path.name != "safe.py":
            owns.add(name)
        if re.search(r"(?<![\w.])input\(", text):
            asks.add(name)
        if PAST.search(text):
            past.add(name)
    assert owns == OWN
    assert asks == ASKS
    assert past == PASSED_ON
