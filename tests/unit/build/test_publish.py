"""Finished files appear at their places all together, also on another file system."""

import errno
import shutil
from pathlib import Path

import pytest

from firmware.build.publish import forget_unfinished, publish
from firmware.errors import FirmwareError


@pytest.fixture
def made(tmp_path: Path) -> dict[Path, Path]:
    """Two finished files and their places; an earlier result is at one of them."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"new {name}")
    (tmp_path / "images").mkdir()
    (tmp_path / "images/b").write_text("old b")
    return {tmp_path / name: tmp_path / "images" / name for name in ("a", "b")}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The places are on another file system than the files."""
    rename = Path.rename

    def across(path: Path, target: Path) -> Path:
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_files_are_moved_to_their_places(made: dict[Path, Path], tmp_path: Path) -> None:
    publish(made)
    assert contents(tmp_path / "images") == {"a": "new a", "b": "new b"}


@pytest.mark.usefixtures("elsewhere")
def test_files_are_copied_to_another_file_system(made: dict[Path, Path], tmp_path: Path) -> None:
    publish(made)
    assert contents(tmp_path / "images") == {"a": "new a", "b": "new b"}


@pytest.mark.usefixtures("elsewhere")
def test_none_appears_when_one_has_no_space(
    made: dict[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfile

    def full(source: Path, target: Path) -> Path:
        if source.name == "b":
            target.write_text("ne")
            raise OSError(errno.ENOSPC, "No space left on device")
        return copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(FirmwareError, match="no space left") as error:
        publish(made)
    assert error.value.where == str(tmp_path / "images")
    assert contents(tmp_path / "images") == {"b": "old b"}


def test_what_an_interruption_left_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.new", "a", ".keep"):
        (tmp_path / name).touch()
    forget_unfinished(tmp_path)
    assert set(contents(tmp_path)) == {"a", ".keep"}
