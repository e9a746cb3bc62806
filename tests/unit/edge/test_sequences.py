"""Epochs and marks of signed advertisements across restarts, on a disk and without one."""

import json
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hadaemon.io.errors import FileError
from hadaemon.io.sequence_file import FILE, SequenceFile
from hadaemon.runtime import sequences
from hadaemon.runtime.sequences import Sequences
from hadaemon.vrrp import Epoch, Marks, SignatureMode, Signatures

SIGNATURES = Signatures(SignatureMode.ENFORCE, 1, {1: bytes(32)})
SENDER = (51, IPv4Address("192.0.2.2"))
NOW = 1_700_000_000


def at_once(_: str, work: Callable[[], None]) -> None:
    work()


def life(folder: Path) -> Sequences:
    """One process."""
    return Sequences(SequenceFile(folder), at_once)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, to be changed."""
    times = [float(NOW)]
    monkeypatch.setattr(sequences.time, "time", lambda: times[0])
    return times


def test_each_life_and_each_session_has_a_greater_epoch(tmp_path: Path, clock: list[float]) -> None:
    epochs = []
    for time_of_day in (NOW, NOW, 0, NOW + 5, 10):
        clock[0] = float(time_of_day)
        process = life(tmp_path)
        epochs += [process.signer(SIGNATURES).epoch for _ in range(300)]
    assert epochs == sorted(set(epochs))


def test_a_lost_disk_goes_on_by_the_time_of_day(tmp_path: Path, clock: list[float]) -> None:
    assert life(tmp_path / "one").signer(SIGNATURES).epoch == NOW
    clock[0] += 3600
    assert life(tmp_path / "other").signer(SIGNATURES).epoch == NOW + 3600


def test_a_reload_waits_for_no_disk(tmp_path: Path) -> None:
    process = life(tmp_path)
    process.signer(SIGNATURES)
    (tmp_path / FILE).unlink()
    process.signer(SIGNATURES)
    assert not (tmp_path / FILE).exists()


def test_a_signer_that_ran_into_the_next_epoch_is_not_met_there(tmp_path: Path) -> None:
    process = life(tmp_path)
    signer = process.signer(SIGNATURES)
    signer._sequence += 3 << 32
    assert process.signer(SIGNATURES).epoch > signer.epoch


def marks(sequence: int) -> Marks:
    return ((SENDER, sequence),)


def test_marks_outlive_the_process(tmp_path: Path) -> None:
    process = life(tmp_path)
    process.signer(SIGNATURES)
    process.note(marks(7 << 32 | 1), now=0.0)
    assert life(tmp_path).heard() == marks(7 << 32 | 1)


def test_the_disk_is_written_for_news_only_and_at_the_end(tmp_path: Path) -> None:
    process = life(tmp_path)
    process.signer(SIGNATURES)
    process.note(marks(7 << 32 | 1), now=0.0)
    process.note(marks(7 << 32 | 2), now=100.0)
    process.note(marks(8 << 32 | 1), now=30.0)
    assert life(tmp_path).heard() == marks(7 << 32 | 1), "the same life; too soon after the last time"
    process.note(marks(9 << 32 | 1), now=200.0)
    assert life(tmp_path).heard() == marks(9 << 32 | 1)
    process.note(marks(9 << 32 | 2), now=201.0, last=True)
    assert life(tmp_path).heard() == marks(9 << 32 | 2)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"epoch": 0, "marks": []}', '{"epoch": 1, "marks": [[1]]}', "[]"]
)
def test_a_damaged_file_is_told_and_made_anew(tmp_path: Path, text: str, caplog) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(FileError, match="damaged"):
        SequenceFile(tmp_path).load()
    assert life(tmp_path).signer(SIGNATURES).epoch == NOW
    assert "damaged" in caplog.text
    assert json.loads((tmp_path / FILE).read_text())["epoch"] > NOW


def test_without_a_disk_it_signs_all_the_same(tmp_path: Path, caplog) -> None:
    (tmp_path / "file").touch()
    process = life(tmp_path / "file")
    assert process.signer(SIGNATURES).epoch == Epoch(NOW)
    assert "may take our advertisements for old ones" in caplog.text
