"""A greater number with each start, whatever the disk does."""

from pathlib import Path

import pytest

from hadaemon.daemon.hotwire.epochs import Epochs
from hadaemon.io.store.epoch_file import next_epoch


def test_each_start_and_each_session_has_a_greater_one(tmp_path: Path):
    problems: list[str] = []
    numbers = []
    for _ in range(3):
        epochs = Epochs(tmp_path, lambda kind, text: problems.append(text))
        numbers += [epochs.next(), epochs.next()]
    assert numbers == sorted(set(numbers))
    assert problems == []


@pytest.mark.parametrize("text", ["", "no number\n", "-5", "9" * 400])
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str):
    (tmp_path / "hotwire-epoch").write_text(text)
    assert next_epoch(tmp_path) == 1
    assert next_epoch(tmp_path) == 2


def test_what_cannot_be_stored_is_a_problem_and_keeps_nobody_from_starting(tmp_path: Path):
    problems: list[str] = []
    assert Epochs(tmp_path / "absent" / "folder", lambda kind, text: problems.append(text)).next() > 0
    assert len(problems) == 1
