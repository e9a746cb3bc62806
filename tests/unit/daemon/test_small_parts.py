"""Throttle, release, files, notifications, configuration."""

import os
import socket
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched
from hadaemon.daemon.throttle import Throttle
from hadaemon.io.errors import FileError
from hadaemon.io.kernel import hardware
from hadaemon.io.sockets.notify import ServiceManager
from hadaemon.io.store.files import MAX_SIZE, read_text, write_text
from hadaemon.state import release
from hadaemon.state.configuration import load_configuration
from hadaemon.status.states import Condition

NODE = 'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\naddresses = []\n'
CLUSTER = (
    'schema = 1\nname = "office"\nmaster = "alpha"\n'
    '[[ha_interfaces]]\nport = "lan"\nvirtual_addresses = ["192.168.12.1/24"]\n'
)


def test_the_first_occurrence_is_told_at_once_and_the_others_are_counted():
    throttle = Throttle(60)
    assert throttle.count("a", 0.0) == 1
    assert [throttle.count("a", now) for now in (1.0, 2.0, 59.0)] == [0, 0, 0]
    assert throttle.count("b", 3.0) == 1
    assert throttle.count("a", 61.0) == 4
    assert throttle.count("a", 62.0) == 0


def test_version_and_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "os-release").write_text('NAME="Hotspare"\nIMAGE_VERSION="1.2.3"\n')
    (tmp_path / "cmdline").write_text("console=ttyS0 rauc.slot=B panic=10\n")
    monkeypatch.setattr(release, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr(release, "KERNEL_COMMAND_LINE", tmp_path / "cmdline")
    assert release.running_release() == release.Release("1.2.3", "B")
    monkeypatch.setattr(release, "OS_RELEASE", tmp_path / "none")
    monkeypatch.setattr(release, "KERNEL_COMMAND_LINE", tmp_path / "none")
    assert release.running_release() == release.Release(None, None)


def test_a_written_file_has_its_mode_and_nothing_staged_is_left(tmp_path: Path):
    path = tmp_path / "node.toml"
    path.write_text("old")
    (tmp_path / ".node.toml.new").symlink_to("/dev/null")
    write_text(path, "new", 0o640)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)
    assert [entry.name for entry in tmp_path.iterdir()] == ["node.toml"]


def test_files_that_cannot_be_used_are_named(tmp_path: Path):
    assert read_text(tmp_path / "none") is None
    (tmp_path / "binary").write_bytes(b"a\xff")
    (tmp_path / "large").write_bytes(b"a" * (MAX_SIZE + 1))
    for name, message in (
        ("binary", "not UTF-8 text at byte 1"),
        ("large", "larger than"),
        (".", "cannot be read"),
    ):
        with pytest.raises(FileError, match=message):
            read_text(tmp_path / name)
    with pytest.raises(FileError, match="cannot be written"):
        write_text(tmp_path / "missing" / "file", "", 0o600)


def test_notifications_reach_the_service_manager(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as received:
        received.bind(str(tmp_path / "notify"))
        received.settimeout(stretched(2))
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"})
        manager.ready()
        manager.status("active: it is")
        manager.ping()
        assert [received.recv(99) for _ in range(3)] == [b"READY=1", b"STATUS=active: it is", b"WATCHDOG=1"]
        assert manager.watchdog == 3.0


def test_without_a_service_manager_nothing_happens(tmp_path: Path):
    silent = ServiceManager({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid() + 1)})
    silent.ready()
    assert silent.watchdog == 0.0
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_what_the_files_amount_to(tmp_path: Path):
    hints = tmp_path / "setup-problems"
    hints.write_text("preseed.toml: node: missing\n")
    found = load_configuration(tmp_path, hints)
    assert (found.condition, found.problems) == (Condition.UNCONFIGURED, ("preseed.toml: node: missing",))
    (tmp_path / "node.toml").write_text(NODE)
    assert load_configuration(tmp_path, hints).condition is Condition.STAND_ALONE
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    found = load_configuration(tmp_path, hints)
    assert (found.condition, found.problems) == (Condition.CLUSTER, ())


def test_problems_of_both_files_are_told_at_once(tmp_path: Path):
    (tmp_path / "node.toml").write_text(NODE.replace("52:54", "zz"))
    (tmp_path / "cluster.toml").write_text(CLUSTER.replace("192.168.12.1/24", "x"))
    found = load_configuration(tmp_path)
    assert found.condition is Condition.REFUSED
    assert any("node.toml: ports.lan.mac" in problem for problem in found.problems)
    assert any("cluster.toml: ha_interfaces[0]" in problem for problem in found.problems)


def test_the_model_is_bounded_and_printable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hardware, "_DMI", tmp_path)
    assert hardware.model() == ""
    (tmp_path / "sys_vendor").write_bytes(b"PC Engines\x07\n")
    (tmp_path / "product_name").write_bytes(b" APU2\xff " + b"x" * 100)
    assert hardware.model().startswith("PC Engines APU2")
    assert len(hardware.model()) == 64
    assert hardware.model().isprintable()
