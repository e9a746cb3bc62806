"""`hactl check`: both nodes' findings in one table, and one exit code."""

import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from hadaemon.cli import check
from hadaemon.operations.ways import Finding
from hadaemon.sync.errors import SyncError
from tests.unit.cli.answers import alone, pair
from tests.unit.cli.test_hactl import hactl, serving

GOOD = Finding("alpha", "gateway 192.0.2.1", True, "answers in 0.4 ms")
BAD = {"node": "beta", "what": "gateway 192.0.2.1", "good": False, "text": "no answer"}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "try_ways", lambda status, name: (GOOD,))


def peer(monkeypatch: pytest.MonkeyPatch, out: str, errors: str = "") -> list[list[str]]:
    asked: list[list[str]] = []

    def run(words: list[str]) -> SimpleNamespace:
        asked.append(words)
        return SimpleNamespace(code=0, out=out, errors=errors)

    @contextmanager
    def opened(_: Path):
        yield SimpleNamespace(hactl=run)

    monkeypatch.setattr(check, "peer_of", opened)
    return asked


def test_both_nodes_and_the_pair(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    asked = peer(monkeypatch, json.dumps({"findings": [BAD | {"good": True, "text": "answers"}]}))
    with serving(tmp_path / "s", lambda request: pair()):
        assert hactl(tmp_path / "s", "check", "--name", "intra.example.org") == 0
    assert asked == [["check", "--here", "--name", "intra.example.org", "--json"]]
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "node what result",
        "alpha gateway 192.0.2.1 good answers in 0.4 ms",
        "beta gateway 192.0.2.1 good answers",
        "alpha the pair good redundant",
    ]


def test_what_fails_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    peer(monkeypatch, json.dumps({"findings": [BAD]}))
    with serving(tmp_path / "s", lambda request: pair()):
        assert hactl(tmp_path / "s", "check") == 1
        assert "FAILED  no answer" in capsys.readouterr().out
        assert hactl(tmp_path / "s", "check", "--json") == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["good"], told["findings"][1]) == (False, BAD)
        assert hactl(tmp_path / "s", "check", "--here") == 0


@pytest.mark.parametrize("out", ["", "nonsense", "[]", '{"findings": [{}]}', '{"findings": []}'])
def test_a_peer_that_cannot_be_asked_fails(
    out: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    peer(monkeypatch, out, "hactl: the daemon does not answer")
    with serving(tmp_path / "s", lambda request: pair()):
        assert hactl(tmp_path / "s", "check") == 1
    assert "it cannot be asked" in capsys.readouterr().out


def test_a_peer_that_is_not_there_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def gone(_: Path) -> None:
        raise SyncError("the other node is not reached")

    monkeypatch.setattr(check, "peer_of", gone)
    with serving(tmp_path / "s", lambda request: pair()):
        assert hactl(tmp_path / "s", "check") == 1
    assert "the other node is not reached" in capsys.readouterr().out


def test_a_node_without_a_hotwire_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = peer(monkeypatch, "")
    with serving(tmp_path / "s", lambda request: alone()):
        assert hactl(tmp_path / "s", "check") == 0
    assert asked == []


@pytest.mark.parametrize("name", ["-f", "a b", "x;y", "", "a" * 70, "host.-x"])
def test_a_name_is_never_an_option(name: str, tmp_path: Path):
    with pytest.raises(SystemExit) as ended:
        hactl(tmp_path / "s", "check", f"--name={name}")
    assert ended.value.code == 2
