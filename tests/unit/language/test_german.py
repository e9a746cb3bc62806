"""`hactl` in German: what a person reads is, and what programs read is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.cli.colour import coloured
from hadaemon.cli.main import main
from hadaemon.cli.person import agreed, tell
from hadaemon.cli.words import WORDS
from hadaemon.control.codec import encode
from hadaemon.language.speech import _, speak
from hadaemon.language.verdict import verdict_line
from hadaemon.operations.changing import Outcome
from hadaemon.problems import Problem, Severity, kinds
from hadaemon.status.hotwire import HotwireState
from hadaemon.status.node import Link, PeerState
from hadaemon.status.states import Condition, NodeState, Role
from hadaemon.status.verdict import Redundancy, Verdict
from hadaemon.sync.head import SyncState
from tests.unit.cli.answers import pair, shown
from tests.unit.cli.test_hactl import serving


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    speak("de")
    yield
    speak("en")


def test_the_status_of_a_pair():
    problem = Problem(kinds.LINK_DOWN, "wan", "port wan: no carrier: check the cable and the switch port")
    raw = pair(problems=[encode(problem)], since=7380.0)
    raw["verdict"] = {"redundancy": "degraded", "reasons": [problem.text, "x"]}
    lines = shown(raw).splitlines()
    assert lines[0] == (
        "eingeschränkt: Port wan: kein Signal: das Kabel und den Port am Switch prüfen (und 1 mehr)"
    )
    assert lines[1] == "alpha (Master) des Clusters office: AKTIV seit 2 h 3 min"
    assert lines[2] == "  kein aktiver Knoten war zu hören"
    assert "  ! Port wan: kein Signal: das Kabel und den Port am Switch prüfen" in lines
    assert "Konfiguration: abgeglichen: beide Knoten haben Generation 7" in lines


def test_one_line_for_who_logs_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: pair()):
        assert main(["--socket", str(tmp_path / "s"), "status", "--check"]) == 0
        assert capsys.readouterr().out == "alpha: redundant\n"


def test_the_help_of_a_command(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["config", "check", "--help"])
    said = capsys.readouterr().out
    assert said.startswith("Aufruf: hactl config check")
    assert "Dateien prüfen, nichts anwenden." in said
    assert "diese Hilfe zeigen" in said
    assert "2    falscher Aufruf" in said


@pytest.mark.parametrize(
    "typed,said",
    [
        (["statsu"], "Fehler: es gibt keinen Befehl `hactl statsu`: ist status gemeint?"),
        (["status", "--verbos=1"], "Fehler: Argument --verbose: das Argument '1' gehört hier nicht hin"),
        (["status", "--frob"], "Fehler: unbekannte Argumente: --frob"),
        (["capture"], "Fehler: diese Argumente fehlen: port"),
        (["history", "--last", "x"], "Fehler: Argument --last: 'x' ist keine Zahl"),
    ],
)
def test_wrong_usage(typed: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(typed)
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_wrong_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "node.toml").write_text("schema = 1\n[ports]\n")
    files = ["--node", str(tmp_path / "node.toml"), "--cluster", str(tmp_path / "cluster.toml")]
    assert main(["config", "check", *files]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "hactl: die Konfiguration ist falsch"
    assert said[1] == f'  ! {tmp_path}/node.toml: name: fehlt: hinzufügen, z. B. name = "alpha"'


def test_json_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with serving(tmp_path / "s", lambda request: pair()):
        assert main(["--socket", str(tmp_path / "s"), "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == pair()["status"]


def test_the_verdict_in_the_menu():
    assert verdict_line(Verdict(Redundancy.REDUNDANT, ())) == "redundant"
    none = Verdict(Redundancy.NONE, ("the other node is not heard over the hotwire",))
    assert verdict_line(none) == "keine Redundanz: der andere Knoten ist über den Hotwire nicht zu hören"


def test_what_came_of_a_change(capsys: pytest.CaptureFixture[str]):
    tell(
        Outcome(
            "generation 3 is applied on alpha",
            ("the daemon does not answer: the configuration takes effect when it starts",),
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "Generation 3 ist auf alpha angewendet",
        "  Hinweis: der Daemon antwortet nicht: die Konfiguration wirkt, wenn er startet",
    ]


def test_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    refusal = {"ok": False, "error": "no HA interface has a link: nobody could take over"}
    with serving(tmp_path / "s", lambda request: refusal):
        assert main(["--socket", str(tmp_path / "s"), "switch"]) == 1
    said = capsys.readouterr().err
    assert said == "hactl: keine HA-Schnittstelle hat einen Link: niemand könnte übernehmen\n"


@pytest.mark.parametrize("typed,agrees", [("j", True), ("Ja", True), ("y", True), ("", False), ("n", False)])
def test_a_question_takes_the_words_of_both(typed: str, agrees: bool, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or typed)
    assert agreed(_("Go on?")) is agrees
    assert asked == ["Weiter? [j/N] "]


def test_a_serial_line_gets_ascii_letters():
    speak("de", serial=True)
    assert _("Wait") == "Wait"
    assert _("takes over: waits for the other node to hand over").startswith("uebernimmt: ")


def test_colours_follow_the_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hadaemon.cli.colour.has_colours", lambda _: True)
    assert coloured("alpha des Clusters office: AKTIV seit 2 s").count("\x1b[32mAKTIV") == 1
    assert coloured("keine Probleme") == "\x1b[32mkeine Probleme\x1b[m"
    assert coloured("eingeschränkt: x").startswith("\x1b[33m")
    assert coloured("a  GESTÖRT seit 1 s").count("\x1b[31m") == 1


def test_every_value_that_is_shown_has_a_word():
    shown_values = [*Redundancy, *NodeState, *Role, *SyncState, *Severity, *Link, *HotwireState, *PeerState]
    shown_values += [*Condition, *(state.upper() for state in NodeState)]
    assert [value for value in map(str, shown_values) if value not in WORDS] == []
