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
MOVING = """
import json, socket, subprocess, sys
path = sys.argv[sys.argv.index("-qmp") + 1].removeprefix("unix:").partition(",")[0]
door = socket.socket(socket.AF_UNIX)
door.bind(path)
door.listen()
line, _ = door.accept()
line.sendall(b'{"QMP": {}}\\n')
state, moved = "inmigrate" if "defer" in sys.argv else "running", "none"
for request in map(json.loads, line.makefile("rb")):
    answer = {}
    match request["execute"]:
        case "migrate":
            command = request["arguments"]["uri"].removeprefix("exec:")
            subprocess.run(command, shell=True, input=b"all of the memory" * 1000)
            moved = "completed"
        case "migrate-incoming":
            command = request["arguments"]["uri"].removeprefix("exec:")
            read = subprocess.run(command, shell=True, stdout=subprocess.PIPE).stdout
            if read != b"all of the memory" * 1000:
                sys.exit("load of migration failed: Invalid argument")
            state = "paused"
        case "query-migrate":
            answer = {"status": moved}
        case "query-status":
            answer = {"status": state}
    line.sendall(json.dumps({"return": answer}).encode() + b"\\n")
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


@pytest.fixture
def saved(spec: MachineSpec, tmp_path: Path) -> Path:
    """What a machine has written."""
    put(tmp_path, MOVING)
    machine = Machine(spec, tmp_path / "qemu.log")
    machine.save(tmp_path / "memory.zst")
    machine.wait_saved(tmp_path / "memory.zst")
    machine.kill()
    return tmp_path / "memory.zst"


def load(spec: MachineSpec, memory: Path) -> None:
    machine = Machine(spec, memory.with_name("qemu.log"), loads=True)
    try:
        machine.load(memory, memory.with_name("loaded"))
        machine.wait_loaded(memory.with_name("loaded"))
    finally:
        machine.kill()


def test_what_one_has_saved_another_one_loads(spec: MachineSpec, saved: Path) -> None:
    load(spec, saved)


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "changed", "last byte"])
def test_a_damaged_memory_is_never_run(spec: MachineSpec, saved: Path, damage: str) -> None:
    content = bytearray(saved.read_bytes())
    saved.unlink()
    if damage == "cut":
        del content[-1:]
    elif damage == "changed":
        content[len(content) // 2] ^= 1
    elif damage == "last byte":
        content[-1] ^= 1  # Of the checksum: everything before has been read by then.
    if damage != "gone":
        saved.write_bytes(b"" if damage == "empty" else content)
    with pytest.raises(MachineError, match="it cannot be read"):
        load(spec, saved)


def test_a_disk_that_gets_full_is_told_and_leaves_no_file(spec: MachineSpec, tmp_path: Path) -> None:
    put(tmp_path, MOVING)
    (tmp_path / "zstd").write_text("#!/bin/sh\ncat >/dev/null; echo 'No space left on device' >&2; exit 1\n")
    (tmp_path / "zstd").chmod(0o755)
    machine = Machine(spec, tmp_path / "qemu.log")
    machine.save(tmp_path / "memory.zst")
    with pytest.raises(MachineError, match="it could not be written: No space left on device"):
        machine.wait_saved(tmp_path / "memory.zst")
    machine.kill()
    assert not list(tmp_path.glob("memory.zst*"))
