"""What `clean` removes and what it never touches."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from firmware import clean, paths
from firmware.build import image, sandbox, stages
from firmware.errors import FirmwareError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with everything in it that builds and tests leave, and some files of the user's."""
    for name in ("layers/a/usr", "work/b", "logs", "disks", "lab/run-1", "bench", "packages", "keys", "mine"):
        (tmp_path / "cache" / name).mkdir(parents=True)
        (tmp_path / "cache" / name / "file").touch()
    (tmp_path / "images/board").mkdir(parents=True)
    (tmp_path / "images/README.md").touch()
    (tmp_path / "artifacts").mkdir()
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(clean, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(clean, "ARTIFACTS", tmp_path / "artifacts")
    monkeypatch.setattr(sandbox, "run_in_namespaces", stages.clean)
    return tmp_path


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_downloads_keys_and_what_is_not_ours_stay(place: Path) -> None:
    removed = clean.clean_checkout()
    assert left(place / "cache") == {"packages", "keys", "mine", "lock"}
    assert left(place / "images") == {"README.md"}
    assert not (place / "artifacts").exists()
    assert {path.name for path in removed} == {"board", "artifacts", *image.CACHED}


def test_downloads_go_when_that_is_said(place: Path) -> None:
    clean.clean_checkout(downloads=True)
    assert left(place / "cache") == {"keys", "mine", "lock"}


def test_cleaning_twice_finds_nothing_and_needs_no_namespaces(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean.clean_checkout()

    def must_not_run(_request: Mapping[str, object]) -> dict[str, str]:
        raise AssertionError("there is nothing to remove")

    monkeypatch.setattr(sandbox, "run_in_namespaces", must_not_run)
    assert clean.clean_checkout() == []


def test_what_cannot_be_removed_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "run_in_namespaces", lambda _request: {})
    with pytest.raises(FirmwareError, match="could not remove bench") as error:
        clean.clean_checkout()
    assert error.value.where == str(place / "cache")
    assert "as root" in error.value.todo
