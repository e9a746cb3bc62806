"""A raw disk is taken as it is for as long as what it was made of has not changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from firmware.build import image
from firmware.build.checkout import INPUTS
from firmware.build.options import BuildOptions
from firmware.build.trust import Trust
from firmware.errors import FirmwareError


class Builder:
    """A child that makes empty disks, and notes what it was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.verbs: list[str] = []
        self.fails = False

    def run(self, request: dict[str, str], _sign: object = None) -> dict[str, str]:
        self.verbs.append(request["verb"])
        if self.fails:
            raise FirmwareError("the disk is full")
        disk = self.root / ".cache/disks/hotspare-box-dev.img"
        disk.parent.mkdir(parents=True, exist_ok=True)
        disk.touch()
        cert = self.root / ".cache/keys/development.cert.pem"
        cert.parent.mkdir(exist_ok=True)
        if not cert.exists():
            cert.write_text("made at the first build")
        return {}


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    made = Builder(tmp_path)
    for name in INPUTS:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("content")
    monkeypatch.setattr(image.paths, "ROOT", tmp_path)
    monkeypatch.setattr(image.paths, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(image.paths, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(image.sandbox, "run_in_namespaces", made.run)
    monkeypatch.setattr(image.sandbox, "require_host_programs", lambda: None)
    monkeypatch.setattr(image, "check_space", lambda _: None)
    monkeypatch.setattr(image, "load_board", lambda *_: None)
    monkeypatch.setattr(image, "trusted", lambda *_: Trust("", "", False, False))
    return made


OPTIONS = BuildOptions(board="box")


def test_an_unchanged_checkout_is_not_built_again(builder: Builder) -> None:
    disks = [image.build_disk(OPTIONS) for _ in range(3)]
    assert set(disks) == {builder.root / ".cache/disks/hotspare-box-dev.img"}
    assert builder.verbs == ["disk"]


@pytest.mark.parametrize("name", INPUTS)
def test_any_change_of_what_it_is_made_of_is_built(builder: Builder, name: str) -> None:
    image.build_disk(OPTIONS)
    (builder.root / name / "file").write_text("other content")
    image.build_disk(OPTIONS)
    assert builder.verbs == ["disk", "disk"]


def test_what_is_no_input_changes_nothing(builder: Builder) -> None:
    image.build_disk(OPTIONS)
    (builder.root / "docs/new.md").write_text("a page")
    image.build_disk(OPTIONS)
    assert builder.verbs == ["disk"]


def test_an_overlay_and_a_new_certificate_are_inputs(builder: Builder, tmp_path: Path) -> None:
    overlay = tmp_path / "site"
    overlay.mkdir()
    image.build_disk(OPTIONS)
    image.build_disk(replace(OPTIONS, overlay=overlay))
    image.build_disk(OPTIONS)
    (builder.root / ".cache/keys/development.cert.pem").write_text("another one")
    image.build_disk(OPTIONS)
    assert builder.verbs == ["disk"] * 4


def test_a_disk_that_is_gone_is_built(builder: Builder) -> None:
    image.build_disk(OPTIONS).unlink()
    image.build_disk(OPTIONS)
    assert builder.verbs == ["disk", "disk"]


def test_after_a_build_that_failed_the_next_one_builds(builder: Builder) -> None:
    image.build_disk(OPTIONS)
    (builder.root / "board/file").write_text("other content")
    builder.fails = True
    with pytest.raises(FirmwareError):
        image.build_disk(OPTIONS)
    builder.fails = False
    (builder.root / "board/file").write_text("content")
    image.build_disk(OPTIONS)
    assert builder.verbs[-1] == "disk", "nobody knows what the failed one has left"
