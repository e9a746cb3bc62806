"""The programs around the flows: what a console starts with, and what it comes back to."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from firmware.screens.box import Box
from hadaemon.cli.main import main as hactl
from hadaemon.console import main as programs
from hadaemon.console.standing import standing_of
from hadaemon.console.talk import Stopped
from hadaemon.console.translations import ORIGINAL
from hadaemon.menu import actions
from hadaemon.menu.later import later
from hadaemon.setup.places import Owners, Places
from hadaemon.state.configuration import load_configuration
from tests.unit.cli.answers import pair
from tests.unit.cli.test_hactl import serving
from tests.unit.console.talking import TRANSLATIONS, Person, converse

NODE = 'schema = 1\nname = "alpha"\nlanguage = "de"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places(tmp_path)
    places.state.mkdir(parents=True)
    monkeypatch.setattr(programs, "Places", lambda: places)
    monkeypatch.setattr(programs, "steady", nullcontext)
    monkeypatch.setattr(programs, "system_owners", Owners)
    return places


def at_console(monkeypatch: pytest.MonkeyPatch, *row: str) -> tuple[Person, Box]:
    person, box = Person(row), Box(AsRoot=(), ChangeAdmin=())
    monkeypatch.setattr(programs, "Line", lambda: person)
    monkeypatch.setattr(programs, "Performer", lambda _places, _owners: box)
    return person, box


def test_an_unconfigured_box_asks_until_the_line_is_gone(places: Places, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["menu"])
    person, box = at_console(monkeypatch, "1", "!", "1", "\x03")
    assert programs.main() == 0
    assert person.text.count("Stopped: nothing was changed.") == 2
    assert box.done == []


def test_a_configured_box_asks_nothing(places: Places, monkeypatch: pytest.MonkeyPatch):
    (places.state / "node.toml").write_text(NODE)
    freed: list[str] = []
    monkeypatch.setattr(programs, "release_consoles", freed.append)
    monkeypatch.setattr(programs.os, "ttyname", lambda _: "/dev/ttyS0")
    monkeypatch.setattr(programs.sys.stdin, "fileno", lambda: 0)
    monkeypatch.setattr(sys, "argv", ["menu"])
    person, _ = at_console(monkeypatch)
    assert programs.main() == 0
    assert person.asked == []
    assert freed == ["ttyS0"]


def test_the_later_menu_speaks_the_language_of_the_node(places: Places, monkeypatch: pytest.MonkeyPatch):
    (places.state / "node.toml").write_text(NODE)
    person, box = at_console(monkeypatch, "status", "", "!", "leave")
    programs.menu()
    assert "Was soll geschehen?" in person.text
    assert person.asked == ["menu", "continue", "menu", "menu"]
    assert box.done == [actions.Hactl(("status",))]


def test_a_refused_node_is_shown_why(places: Places, monkeypatch: pytest.MonkeyPatch):
    (places.state / "node.toml").write_text("schema = 1\n")
    places.good.mkdir()
    (places.good / "node.toml").write_text(NODE)
    person, box = at_console(monkeypatch, "last-good", "", "leave")
    programs.menu()
    assert "name: is missing" in " ".join(person.text.split())
    assert box.done == [actions.AsRoot("last-good")]


def test_one_change_as_root(places: Places, monkeypatch: pytest.MonkeyPatch):
    (places.state / "node.toml").write_text(NODE)
    monkeypatch.setattr(sys, "argv", ["menu", "password"])
    person, box = at_console(monkeypatch, "1", "correct horse", "correct horse")
    assert programs.main() == 0
    assert isinstance(box.done[-1], actions.ChangeAdmin)
    person, box = at_console(monkeypatch, "!")
    assert programs.main() == 1
    assert "Abgebrochen" in person.text
    assert box.done == []


def test_a_fault_of_ours_is_one_line_and_no_end(places: Places):
    person = Person([])

    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    def stopped() -> None:
        raise Stopped

    assert programs.guarded(broken, person)
    assert person.screen == [
        "! This is a fault of the menu, which begins anew (ZeroDivisionError: division",
        "  by zero).",
        "! Das ist ein Fehler des Menues. Es beginnt neu.",
    ]
    assert programs.guarded(stopped, person)
    with pytest.raises(EOFError):
        programs.set_up_box(person, Box(), TRANSLATIONS, places)
    assert ORIGINAL in TRANSLATIONS


def test_a_program_is_told_to_use_the_commands(capsys: pytest.CaptureFixture[str]):
    assert hactl(["menu"]) == 1
    assert "needs a terminal" in capsys.readouterr().err


def test_the_menu_begins_with_the_verdict_on_the_pair(tmp_path: Path):
    places = Places(tmp_path)
    configuration = load_configuration(places.state)
    assert standing_of(places, configuration).verdict == "", "nobody answers"
    places.control.parent.mkdir(parents=True)
    with serving(places.control, lambda request: pair()):
        standing = standing_of(places, configuration)
    assert standing.verdict == "redundant"
    person = Person({"menu": ["leave"]})
    converse(lambda: later(TRANSLATIONS["en"], standing), person, Box())
    assert person.screen[1] == "redundant"
