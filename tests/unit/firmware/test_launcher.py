"""The launcher and the tasks as a user meets them."""

import subprocess
import sys
from pathlib import Path

import pytest

from firmware import venv
from firmware.errors import FirmwareError
from firmware.testing import Selection, run_tests

ROOT = Path(__file__).resolve().parents[3]


def launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "invoke.py"), *arguments], capture_output=True, text=True, check=False
    )


def test_alone_it_lists_every_task_with_a_line():
    listing = launch().stdout
    for name in ("bench", "clean", "image", "lock", "pair", "test"):
        assert f"  {name} " in listing


def test_an_unknown_task_gives_one_sentence_and_no_traceback():
    done = launch("imaeg")
    assert done.returncode != 0
    assert "imaeg" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_board_that_does_not_exist_is_told_plainly():
    done = launch("image", "--board", "nonesuch")
    assert done.returncode == 1
    assert "nonesuch" in done.stderr
    assert "generic-x86_64" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_lock_makes_a_new_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lock = tmp_path / "image.txt"
    lock.write_text("one==1")
    monkeypatch.setattr(venv, "LOCKS", (lock,))
    monkeypatch.setattr(venv, "STAMP", tmp_path / "stamp")
    assert not venv._whole()
    venv.STAMP.write_text(venv._wanted())
    assert venv._whole()
    lock.write_text("one==2")
    assert not venv._whole()


def test_a_shard_that_is_none_is_refused_before_anything_runs():
    with pytest.raises(FirmwareError, match="no shard"):
        run_tests(Selection(unit=True, shard="5"))


def test_no_registry_host_is_in_the_locked_files():
    for path in sorted((ROOT / "requirements").iterdir()):
        assert "://" not in path.read_text(), path
