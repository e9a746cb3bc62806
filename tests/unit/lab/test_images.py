"""Which image the lab takes."""

from pathlib import Path

import pytest

from firmware.lab import images
from firmware.lab.errors import LabError


def test_the_environment_may_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "disk.img"
    image.touch()
    monkeypatch.setenv(images.IMAGE_VARIABLE, str(image))
    assert images.raw_image("generic-x86_64") == image


def test_one_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(images.IMAGE_VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(LabError, match="the image is missing") as caught:
        images.raw_image("generic-x86_64")
    assert images.IMAGE_VARIABLE in caught.value.where


def test_otherwise_the_boards_own_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(images.IMAGE_VARIABLE, raising=False)
    asked = []

    def build(options: images.BuildOptions) -> Path:
        asked.append(options.board)
        return tmp_path / "built.img"

    monkeypatch.setattr(images, "build_disk", build)
    assert images.raw_image("apu2") == tmp_path / "built.img"
    assert asked == ["apu2"]
