"""The file of alarms, on a disk that may not take it."""

from pathlib import Path

import pytest

from hadaemon.io.errors import FileError
from hadaemon.io.store.alarm_file import FILE, AlarmFile


def test_kept_and_read_again(tmp_path: Path):
    file = AlarmFile(tmp_path / "daemon")
    assert file.load() is None
    file.store({"schema": 1})
    assert file.load() == {"schema": 1}
    (tmp_path / "daemon" / FILE).write_text("{")
    assert file.load() is None


def test_a_folder_that_cannot_be_is_an_error_of_ours(tmp_path: Path):
    (tmp_path / "daemon").write_text("")
    with pytest.raises(FileError, match="cannot be"):
        AlarmFile(tmp_path / "daemon").store({})
    with pytest.raises(FileError):
        AlarmFile(tmp_path / "daemon").load()
