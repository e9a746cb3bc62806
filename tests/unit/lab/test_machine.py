"""The start of a machine, with a program in QEMU's place whose sockets come when a test wants them to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.command import MachineSpec, Sockets
from firmware.lab.errors import MachineError
from firmware.lab.machine import QEMU, Machine

SLOW = """
import socket, sys, time
path = sys.argv[sys.argv.index("-qmp") + 1].removeprefix("unix:").partition(",")[0]
door = socket.socket(socket.AF_UNIX)
door.bind(path)
time.sleep(0.5)
door.listen()
line, _ = door.accept()
line.sendall(b'{"QMP": {}}\\n')
for request in line.makefile("rb"):
    line.sendall(b'{"return": {}}\\n')
"""
REFUSING = """
import socket, sys, time
path = sys.argv[sys.argv.index("-qmp") + 1].removeprefix("unix:").partition(",")[0]
door = socket.socket(socket.AF_UNIX)
door.bind(path)
door.listen()
time.sleep(0.2)
sys.exit("this drive is no drive")
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MachineSpec]:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    names = ("qmp", "serial", "console", "vnc")
    sockets = Sockets(**{name: tmp_path / name for name in names})
    log = tmp_path / "log"
    yield MachineSpec("alpha", tmp_path / "disk", (), sockets, log, log)
    assert not sockets.qmp.exists()


def put(folder: Path, text: str) -> None:
    program = folder / QEMU
    program.write_text(f"#!{sys.executable}\n{text}")
    program.chmod(0o755)


def test_a_socket_at_which_nobody_listens_yet_is_waited_for(spec: MachineSpec, tmp_path: Path):
    put(tmp_path, SLOW)
    machine = Machine(spec, tmp_path / "qemu.log")
    assert machine.running
    machine.kill()


def test_what_qemu_complains_of_is_told(spec: MachineSpec, tmp_path: Path):
    put(tmp_path, REFUSING)
    with pytest.raises(MachineError, match="QEMU did not start: this drive is no drive"):
        Machine(spec, tmp_path / "qemu.log")
