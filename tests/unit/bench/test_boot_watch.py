"""A machine seen from outside: here this process, with a file as its serial line."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.bench.boot.watch import Watch

SECONDS = 30.0


@pytest.fixture
def serial(tmp_path: Path) -> Path:
    path = tmp_path / "serial.log"
    path.write_bytes(b"plain login: of an earlier boot\n")
    return path


@pytest.fixture
def watch(serial: Path) -> Iterator[Watch]:
    machine: Any = SimpleNamespace(pid=os.getpid(), spec=SimpleNamespace(name="plain", serial_log=serial))
    watch = Watch(machine)
    yield watch
    watch.close()


def test_a_line_is_heard_when_its_end_is_there(watch: Watch, serial: Path):
    assert watch.heard("login: ") == []
    with serial.open("ab", buffering=0) as line:
        line.write(b"plain log")
        watch.wait_for("plain log", SECONDS)
        assert watch.heard("^plain login: ") == []
        half = watch.now
        line.write(b"in: ")
        assert watch.wait_for("^plain login: ", SECONDS) >= half
    assert len(watch.heard("^plain login: ")) == 1


def test_the_processor_time_only_grows(watch: Watch, serial: Path):
    with serial.open("ab") as line:
        line.write(b"later\n")
    moment = watch.wait_for("later", SECONDS)
    assert 0 < watch.processor(0.0) <= watch.processor(moment) <= watch.processor(moment + SECONDS)
