"""Epochs and marks of signed advertisements across restarts, on a disk and without one."""

import asyncio
import json
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hadaemon.daemon.ports import sequences
from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.io.errors import FileError
from hadaemon.io.store import mark_file
from hadaemon.io.store.mark_file import MarkFile
from hadaemon.io.store.sequence_file import FILE, SequenceFile
from hadaemon.vrrp import Epoch, SignatureMode, Signatures
from hadaemon.vrrp.bounds import BoundStep

SIGNATURES = Signatures(SignatureMode.ENFORCE, 1, {1: bytes(32)})
SENDER = (51, IPv4Address("192.0.2.2"))
STEP = BoundStep(ahead=20, round=2)
NOW = 1_700_000_000
LIFE = 7 << 32


def at_once(_: str, work: Callable[[], None]) -> None:
    work()


def life(folder: Path, memory: Path | None = None) -> Sequences:
    """One process. `memory`: the folder that a reboot empties; None: the process begins after a reboot."""
    process = Sequences(SequenceFile(folder), MarkFile(memory or folder / "gone"), at_once)
    process.heard(STEP)
    return process


def heard(folder: Path, memory: Path | None = None) -> int:
    """What the next process takes for the last sequence of SENDER."""
    return life(folder, memory).heard(STEP)[SENDER]


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


def test_a_node_that_only_receives_keeps_marks_and_epoch_too(tmp_path: Path) -> None:
    process = life(tmp_path)
    process.note(SENDER, LIFE | 1, now=0.0)
    asyncio.run(process.close())
    assert heard(tmp_path) == LIFE | 1
    assert life(tmp_path).signer(SIGNATURES).epoch == NOW


def test_the_end_in_good_order_keeps_what_was_heard_to_the_packet(tmp_path: Path) -> None:
    process = life(tmp_path)
    process.signer(SIGNATURES)
    process.note(SENDER, LIFE | 3, now=0.0)
    asyncio.run(process.close())
    assert heard(tmp_path) == LIFE | 3


def test_a_crash_of_the_daemon_keeps_what_was_heard_to_the_packet(tmp_path: Path) -> None:
    process = life(tmp_path / "disk", tmp_path)
    process.note(SENDER, LIFE | 3, now=0.0)
    process.note(SENDER, LIFE | 5, now=1.0)
    process.note(SENDER, LIFE | 4, now=1.0)
    assert heard(tmp_path / "disk", tmp_path) == LIFE | 5


def test_a_power_cut_keeps_a_bound_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = life(tmp_path / "disk", tmp_path)
    process.note(SENDER, LIFE | 3, now=0.0)
    process.note(SENDER, LIFE | 5, now=1.0)
    boot = tmp_path / "boot_id"
    boot.write_text("0c7e5c0a-3f41-4f5f-8a59-1d6d5c1b2a11\n")
    monkeypatch.setattr(mark_file, "_BOOT_ID", boot)
    assert heard(tmp_path / "disk", tmp_path) == LIFE | 3 + STEP.ahead


def test_the_disk_is_written_once_a_step(tmp_path: Path) -> None:
    writes: list[str] = []
    process = Sequences(SequenceFile(tmp_path), MarkFile(tmp_path), lambda kind, work: writes.append(kind))
    process.heard(STEP)
    for number in range(1, 10 * STEP.ahead):
        process.note(SENDER, LIFE | number, now=number / 2)
    assert 10 <= len(writes) <= 15


def test_a_place_in_memory_that_cannot_be_written_is_not_believed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    process = life(tmp_path / "disk", tmp_path)
    process.note(SENDER, LIFE | 1, now=0.0)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mark_file.os, "pwrite", full)
    for number in (2, 3):
        process.note(SENDER, LIFE | number, now=0.0)
    assert caplog.text.count("No space left") == 1
    monkeypatch.undo()
    assert heard(tmp_path / "disk", tmp_path) == LIFE | 1 + STEP.ahead


@pytest.mark.parametrize("left", [b"", b"x", b"x" * 100])
def test_half_a_record_in_memory_counts_for_nothing(tmp_path: Path, left: bytes) -> None:
    process = life(tmp_path / "disk", tmp_path)
    process.note(SENDER, LIFE | 1, now=0.0)
    path = tmp_path / mark_file.FILE
    path.write_bytes((path.read_bytes() if len(left) < 100 else b"") + left)
    process = life(tmp_path / "disk", tmp_path)
    process.note(SENDER, LIFE | 40, now=0.0)
    assert heard(tmp_path / "disk", tmp_path) == LIFE | 40


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
