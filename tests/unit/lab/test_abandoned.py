"""What a lab leaves behind that is killed goes when the next one begins."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.lab.abandoned import Claim, sockets_of, sweep

KILLED = """
import os, signal, sys
from pathlib import Path
from firmware.lab.abandoned import Claim
claim = Claim(Path(sys.argv[1]), sys.argv[2])
claim.take()
(claim.folder / "disk.qcow2").write_text("data")
os.kill(os.getpid(), signal.SIGKILL)
"""
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def name(tmp_path: Path) -> str:
    return f"test-{os.getpid()}-{tmp_path.name[-20:]}"


def all_of(folder: Path, name: str) -> list[Path]:
    return [*folder.iterdir(), *(place for place in (sockets_of(name),) if place.exists())]


def test_what_a_killed_lab_has_left_is_swept(tmp_path: Path, name: str):
    command = [sys.executable, "-c", KILLED, str(tmp_path), name]
    killed = subprocess.run(command, cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(all_of(tmp_path, name)) == 3
    sweep(tmp_path)
    assert all_of(tmp_path, name) == []


def test_what_a_lab_uses_is_left_alone(tmp_path: Path, name: str):
    claim = Claim(tmp_path, name)
    claim.take()
    try:
        sweep(tmp_path)
        assert claim.folder.is_dir()
        assert claim.sockets.is_dir()
    finally:
        claim.give_up()
    assert all_of(tmp_path, name) == []


def test_a_folder_that_is_to_stay_stays(tmp_path: Path, name: str):
    claim = Claim(tmp_path, name, keep=True)
    claim.take()
    claim.give_up()
    sweep(tmp_path)
    assert all_of(tmp_path, name) == [claim.folder]


def test_what_was_never_taken_can_be_given_up(tmp_path: Path, name: str):
    claim = Claim(tmp_path, name)
    claim.give_up()
    assert all_of(tmp_path, name) == []
