"""The commands that change a configuration, from the command line to the disk."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hadaemon.cli.main import main
from hadaemon.helper import config_guard
from hadaemon.io.store.generations import Generations
from hadaemon.io.store.pair_lock import LOCK, LockedError, locked
from hadaemon.sync.guard import Guard, guard_to_json, seconds_left
from hadaemon.sync.holder import Holder
from tests.unit.operations.test_own_configuration import CLUSTER, NODE


class Box:
    """A node's folders, and hactl on it."""

    def __init__(self, folder: Path) -> None:
        self.state, self.run = folder / "state", folder / "run"
        self.state.mkdir()
        self.run.mkdir()
        (self.state / "node.toml").write_text(NODE)
        self.new = folder / "new.toml"
        self.new.write_text(CLUSTER)

    def hactl(self, command: str, *arguments: object) -> int:
        places = ["--state", str(self.state), "--run", str(self.run)]
        socket = ["--socket", str(self.run / "no-daemon")]
        return main([*socket, "config", command, *places, *map(str, arguments)])

    def write(self, old: str, new: str) -> Path:
        self.new.write_text(CLUSTER.replace(old, new))
        return self.new


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_apply_history_diff_and_rollback(box: Box, capsys: pytest.CaptureFixture[str]):
    assert box.hactl("apply", box.new) == 0
    assert "generation 1 is applied on alpha" in capsys.readouterr().out
    assert box.hactl("apply", box.new) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert box.hactl("diff", box.write("12.1/24", "12.9/24")) == 0
    assert (
        "+ cluster.toml: ha_interfaces[0].virtual_addresses = ['192.168.12.9/24']" in capsys.readouterr().out
    )
    assert box.hactl("apply", box.new) == 0
    assert box.hactl("rollback") == 0
    assert "generation 3 is applied on alpha\n" in capsys.readouterr().out
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert box.hactl("rollback", 2) == 0
    capsys.readouterr()
    assert box.hactl("history", "--json") == 0
    found = json.loads(capsys.readouterr().out)["generations"]
    assert [entry["generation"] for entry in found] == [4, 3, 2, 1]
    assert [entry["how"] for entry in found] == ["rollback", "rollback", "apply", "apply"]
    assert [entry["current"] for entry in found] == [True, False, False, False]
    assert box.hactl("history") == 0
    assert box.hactl("rollback", 17) == 1
    assert "no generation 17: kept are 4, 3, 2, 1" in capsys.readouterr().err


def test_a_refused_file_names_every_reason(box: Box, capsys: pytest.CaptureFixture[str]):
    assert box.hactl("apply", box.write('"lan"', '"lann"')) == 1
    text = capsys.readouterr().err
    assert "alpha refuses the configuration; nothing was changed" in text
    assert "ha_interfaces[0].port" in text
    assert not (box.state / "cluster.toml").exists()
    assert box.hactl("apply", box.state / "nowhere.toml") == 1
    assert "there is no such file" in capsys.readouterr().err


def held_by(folder: Path) -> Holder | None:
    """Who holds the lock."""
    try:
        with locked(folder, "alpha", Holder("a", "b", "c", "d")):
            return None
    except LockedError as error:
        return error.holder


def test_one_administrator_at_a_time(box: Box, capsys: pytest.CaptureFixture[str]):
    other = Holder("eve", "beta", "2026-03-01T08:00:00+00:00", "hactl config sync")
    with locked(box.run, "alpha", other):
        assert (box.run / LOCK).stat().st_mode & 0o077 == 0, "whoever can read it could hold it"
        assert held_by(box.run) == other
        assert box.hactl("apply", box.new) == 1
    assert "being changed by eve on beta, since 2026-03-01T08:00:00+00:00: hactl config sync" in (
        capsys.readouterr().err
    )
    assert held_by(box.run) is None
    assert box.hactl("apply", box.new) == 0


def test_a_lock_dies_with_its_holder(box: Box):
    code = (
        "import os, pathlib; from hadaemon.io.store.pair_lock import locked;"
        "from hadaemon.sync.holder import Holder;"
        f"lock = locked(pathlib.Path({str(box.run)!r}), 'alpha', Holder('a', 'b', 'c', 'd'));"
        "lock.__enter__(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 9
    assert held_by(box.run) is None
    assert box.hactl("apply", box.new) == 0


def test_reset_asks(box: Box, monkeypatch: pytest.MonkeyPatch):
    box.hactl("apply", box.new)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert box.hactl("reset") == 1
    assert (box.state / "cluster.toml").exists()
    assert box.hactl("reset", "--yes") == 0
    assert [path.name for path in box.state.iterdir()] == ["node.toml"]


def test_deactivate_asks_and_says_what_happens(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    box.hactl("apply", box.new)
    assert box.hactl("deactivate") == box.hactl("deactivate", "--here") == 1
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert "leave both nodes, and nobody answers for them" in asked[0]
    assert "leave this node, and the other one takes over" in asked[1]
    capsys.readouterr()
    assert box.hactl("deactivate", "--yes") == 0
    assert "the cluster is deactivated: generation 2 is applied on alpha\n" in capsys.readouterr().out
    assert "enabled = false" in (box.state / "cluster.toml").read_text()
    assert box.hactl("deactivate", "--yes") == 0
    assert "nothing to do: the cluster is deactivated already\n" in capsys.readouterr().out
    assert box.hactl("activate") == 0
    assert len(asked) == 2
    assert "enabled = true" in (box.state / "cluster.toml").read_text()


def test_without_a_cluster_nothing_is_activated(box: Box, capsys: pytest.CaptureFixture[str]):
    assert box.hactl("activate") == 1
    assert "alpha is in no cluster: create or join one" in capsys.readouterr().err


def test_no_permission_says_so(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def forbidden(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("hadaemon.io.store.pair_lock.os.open", forbidden)
    assert box.hactl("apply", box.new) == 4
    assert "be root" in capsys.readouterr().err


def guard(box: Box, *more: str) -> int:
    places = ["--state", str(box.state), "--run", str(box.run), "--socket", str(box.run / "no-daemon")]
    return config_guard.main([*places, *more])


def test_the_guard_waits_for_its_time_and_goes_back(box: Box, monkeypatch: pytest.MonkeyPatch):
    box.hactl("apply", box.new)
    box.hactl("apply", box.write("12.1/24", "12.9/24"), "--confirm", "10s")
    assert guard(box, "--once") == 0
    assert "12.9/24" in (box.state / "cluster.toml").read_text()
    slept: list[float] = []
    monkeypatch.setattr(config_guard.time, "sleep", slept.append)
    times = iter([100.0, 200.0, 1e9, 1e9])
    monkeypatch.setattr("hadaemon.operations.own_configuration._uptime", lambda: next(times))
    assert guard(box) == 0
    assert len(slept) == 2
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert Generations(box.state).head().generation == 1
    assert guard(box) == 0


def test_a_change_that_waited_when_the_machine_went_down_goes_back_at_boot(
    box: Box, monkeypatch: pytest.MonkeyPatch
):
    box.hactl("apply", box.new)
    box.hactl("apply", box.write("12.1/24", "12.9/24"), "--confirm", "1h")
    monkeypatch.setattr("hadaemon.operations.own_configuration._boot_id", lambda: "another")
    assert guard(box, "--once") == 0
    assert (box.state / "cluster.toml").read_text() == CLUSTER


def test_a_guard_killed_before_its_change_undoes_nothing(box: Box):
    box.hactl("apply", box.new)
    waiting = Guard("another", 0.0, "", "0000000009-0123456789abcdef")
    (box.state / "generations/confirm.json").write_text(guard_to_json(waiting))
    assert guard(box, "--once") == 0
    assert (box.state / "cluster.toml").read_text() == CLUSTER
    assert not (box.state / "generations/confirm.json").exists()


def test_confirmed_in_time(box: Box, capsys: pytest.CaptureFixture[str]):
    assert box.hactl("confirm") == 1
    box.hactl("apply", box.new, "--confirm", "5m")
    assert "goes back by itself in 300 s" in capsys.readouterr().out
    assert box.hactl("confirm") == 0
    assert box.hactl("rollback", "--unconfirmed") == 0
    assert (box.state / "cluster.toml").exists()


@pytest.mark.parametrize("text", ["5", "m", "1s", "25h", "-5m", "5 m", ""])
def test_a_time_that_is_none(box: Box, text: str):
    with pytest.raises(SystemExit):
        box.hactl("apply", box.new, f"--confirm={text}")


def test_seconds_left():
    waiting = Guard("boot", 100.0, "", "x")
    assert seconds_left(waiting, "boot", 40.0) == 60.0
    assert seconds_left(waiting, "boot", 140.0) == 0.0
    assert seconds_left(waiting, "other", 40.0) == 0.0
