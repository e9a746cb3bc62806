"""The preseed medium is a FAT16 file system that others can read."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.lab.errors import LabError
from firmware.lab.fat import SECTOR, fat_image


@pytest.fixture
def read_back(tmp_path: Path) -> Callable[[bytes], tuple[str, dict[str, bytes]]]:
    """Label and files of an image, as mtools reads them."""

    def read(image: bytes) -> tuple[str, dict[str, bytes]]:
        stick, folder = tmp_path / "read.img", tmp_path / "read"
        stick.write_bytes(image)
        folder.mkdir()
        told = subprocess.run(
            ["mlabel", "-s", "-i", stick, "::"], capture_output=True, text=True, check=True
        ).stdout
        if subprocess.run(["mdir", "-b", "-i", stick, "::"], capture_output=True, check=True).stdout:
            subprocess.run(["mcopy", "-i", stick, "::*", folder], check=True)
        return told.split()[-1], {path.name: path.read_bytes() for path in folder.iterdir()}

    return read


@pytest.mark.parametrize(
    "files",
    [
        {"preseed.toml": b"schema = 1\n"},
        {"preseed.toml": b"x" * (3 * SECTOR), "a-name-of-exactly-26-chars": b"", "b": b"y" * (SECTOR + 1)},
        {},
    ],
)
def test_what_is_written_is_read(
    files: dict[str, bytes], read_back: Callable[[bytes], tuple[str, dict[str, bytes]]]
) -> None:
    assert read_back(fat_image("HOTSPARE", files)) == ("HOTSPARE", files)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert fat_image("HOTSPARE", {"a": b"1"}) == fat_image("HOTSPARE", {"a": b"1"})


def test_the_host_sees_label_and_type(tmp_path: Path) -> None:
    image = tmp_path / "stick.img"
    image.write_bytes(fat_image("HOTSPARE", {"preseed.toml": b"schema = 1\n"}))
    told = subprocess.run(
        ["/sbin/blkid", "-p", "-o", "export", str(image)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"LABEL=HOTSPARE", "TYPE=vfat", "VERSION=FAT16"} <= set(told)
    subprocess.run(["/sbin/fsck.fat", "-n", str(image)], capture_output=True, check=True)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(LabError, match="do not fit"):
        fat_image("HOTSPARE", {"big": bytes(5 << 20)})
    with pytest.raises(LabError, match="longer than 11"):
        fat_image("HOTSPARE-LABEL", {})
