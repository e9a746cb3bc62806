"""A password or a key is shown, logged and kept nowhere but where it belongs; no other process gets it."""

import os
import sys
from pathlib import Path

import pytest

from firmware.screens.box import Box
from hadaemon.console import store
from hadaemon.console.perform import Performer
from hadaemon.menu import actions
from hadaemon.menu.steps import Failed
from hadaemon.setup import apply
from hadaemon.setup.places import Owners, Places
from tests.unit.console.line import Line
from tests.unit.console.talking import Person, set_up
from tests.unit.console.test_power_cut import MASTER
from tests.unit.menu.test_first_boot import CREATE

PASSWORD = "correct horse battery"
KEY = "a signing key of thirty-two letters or more"
STARTS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "pty.spawn"}
"""Audit events by which another process comes into being."""


def test_what_is_typed_before_it_is_asked_is_not_seen_either(tmp_path: Path):
    line = Line(tmp_path)
    try:
        line.go_to("admin")
        line.type(f"1\r{PASSWORD}\r{PASSWORD}\r")
        assert line.question() in ("password", "password-again", "hostname")
        line.until(lambda: "hostname [" in line.screen)
        assert "password-again > " in line.screen
        assert PASSWORD not in line.screen
        line.finish()
    finally:
        line.close()
    assert not set(PASSWORD.split()) & set(line.screen.split())


def test_a_secret_that_was_deleted_does_not_come_back(tmp_path: Path):
    line = Line(tmp_path)
    try:
        line.go_to("password")
        line.type(f"{PASSWORD}\x15{PASSWORD}\r")
        line.go_to("hostname", **{"password-again": PASSWORD})
        for keys in ("\x19", "\x1by", "\x1b\x19", "\x18\x19", "\x1b[A", "\x10", "\x1b.", "\x1b_", "\x1f"):
            line.type(f"{keys}\r")
            assert line.question() in ("hostname", "time-zone")
            line.go_back_to("hostname")
    finally:
        line.close()
    assert not set(PASSWORD.split()) & set(line.screen.split())


def test_a_secret_is_not_offered_again_after_going_back():
    answers = {"password": [PASSWORD, PASSWORD], "password-again": ["<", PASSWORD]}
    answers |= {"passphrase": ["own", "own"], "key": ["<", KEY]}
    person, box = Person(CREATE | answers), Box()
    set_up(person, box)
    assert person.screen.count("password > ") == 2
    assert person.screen.count("key > ") == 2
    assert PASSWORD not in person.text
    assert KEY not in person.text
    assert PASSWORD not in repr(box.done)
    assert KEY not in repr(box.done)
    assert "passphrase [own] > " in person.screen, "which is no secret"


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    places = Places(tmp_path)
    for folder in (places.etc, places.console.parent, places.run, places.zones, places.state.parent):
        folder.mkdir(parents=True)
    (places.etc / "shadow").write_text("admin:!:20000:0:99999:7:::\n")
    monkeypatch.setattr(apply.socket, "sethostname", lambda name: None)
    monkeypatch.setattr(store.Effect, "_network", lambda *_: None)
    return places


def test_no_other_process_and_no_log_gets_a_secret(places: Places, capfd: pytest.CaptureFixture[str]):
    """What is done with them is done here: whatever is started meanwhile is told nothing."""
    started: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in STARTS:
            started.append(f"{event} {arguments!r}")

    sys.addaudithook(watch)
    perform = Performer(places, Owners())
    hashed = perform(actions.HashPassword(PASSWORD))
    assert isinstance(hashed, str)
    authentication = {"type": "hmac", "key": KEY}
    cluster = {**MASTER["cluster"], "vrrp": {"vrid_offset": 50, "authentication": authentication}}
    raw = {**MASTER, "admin": {"password_hash": hashed}, "cluster": cluster}
    assert not isinstance(perform(actions.Store(raw)), Failed)
    assert perform(actions.ChangeAdmin(hashed)) == ()
    assert perform(actions.Store({**raw, "nonsense": KEY}, anew=True)) is not None
    watching = False
    told, written = capfd.readouterr(), KEY.encode().hex()
    for where in (*started, told.out, told.err):
        assert PASSWORD not in where
        assert KEY not in where
        assert hashed not in where
    found = {
        secret: {
            path.relative_to(places.root).as_posix()
            for path in places.root.rglob("*")
            if path.is_file() and secret in path.read_text(errors="replace")
        }
        for secret in (PASSWORD, KEY, written, hashed)
    }
    assert found[PASSWORD] == set()
    assert found[KEY] == set()
    assert found[written] == {"data/state/cluster.toml"}
    assert found[hashed] == {"data/state/admin.toml", "etc/shadow"}
    for name in found[written] | found[hashed] - {"etc/shadow"}:
        assert (places.root / name).stat().st_mode & 0o007 == 0, f"{name} is for nobody else"
    assert PASSWORD not in repr(dict(os.environ))
