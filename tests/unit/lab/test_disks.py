"""The lab's disks, looked at and damaged from outside: the partition table is read by sfdisk."""

import subprocess
from pathlib import Path

import pytest

from firmware.lab.disk import create_overlay
from firmware.lab.errors import LabError
from tests.lab.disks import corrupt, create_blank, partition, partitions

MIB = 1 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small disk image with a partition table."""
    raw = tmp_path / "small.img"
    with raw.open("wb") as file:
        file.truncate(8 * MIB)
    table = "label: gpt\nstart=2048, size=2048, name=root-a\nstart=6144, size=2048, name=data\n"
    subprocess.run(["/sbin/sfdisk", "--quiet", str(raw)], input=table, text=True, check=True)
    return raw


@pytest.mark.parametrize("size", ["", "64M"])
def test_the_partitions_of_an_overlay_are_those_of_its_image(image: Path, size: str) -> None:
    disk = image.with_name("disk.qcow2")
    create_overlay(image, "raw", disk, size)
    assert [(one.label, one.offset, one.size) for one in partitions(disk)] == [
        ("root-a", MIB, MIB),
        ("data", 3 * MIB, MIB),
    ]
    with pytest.raises(LabError, match="no partition 'root-c'"):
        partition(disk, "root-c")


def test_damage_is_where_it_was_wanted_and_not_in_the_image(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    disk, found = tmp_path / "disk.qcow2", tmp_path / "found.img"
    create_overlay(image, "raw", disk)
    corrupt(disk, "data", 512, 1024)
    subprocess.run(["qemu-img", "convert", "-O", "raw", disk, found], check=True)
    damaged = bytearray(before)
    damaged[3 * MIB + 512 : 3 * MIB + 512 + 1024] = b"\xff" * 1024
    assert found.read_bytes() == damaged
    assert image.read_bytes() == before


def test_a_disk_without_partitions_is_told(tmp_path: Path) -> None:
    create_blank(tmp_path / "disk.qcow2", "8M")
    with pytest.raises(LabError, match="no GPT"):
        partitions(tmp_path / "disk.qcow2")
