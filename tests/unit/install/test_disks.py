"""Which disk may be overwritten, from what lsblk tells."""

from pathlib import Path
from typing import Any

import pytest

from firmware.flash.device import _lsblk, read_device
from hadaemon.install.disk import COLUMNS, describe, read_disks
from hadaemon.io.firmware.disks import list_block_devices

NEEDED = 1_500_000_000
EMPTY: dict[str, Any] = {"fstype": None, "label": None, "partlabel": None, "mountpoints": [None]}
SSD: dict[str, Any] = {
    **EMPTY,
    "path": "/dev/sda",
    "type": "disk",
    "size": 64_000_000_000,
    "log-sec": 512,
    "model": "TS64GMTS400 ",
    "serial": "A1B2",
    "tran": "sata",
    "ro": False,
}


def part(name: str, kind: str = "part", **more: object) -> dict[str, Any]:
    return {**EMPTY, "path": f"/dev/{name}", "type": kind, "size": 1_000_000_000, "ro": False, **more}


def test_an_unused_disk_may_be_overwritten_and_is_described():
    (disk,) = read_disks([{**SSD, "children": [part("sda1", fstype="ntfs", label="OLD")]}], "/dev/sdb")
    assert disk.refusal(NEEDED) == ""
    told = "\n".join(describe(disk))
    for word in ("/dev/sda (sata)", "TS64GMTS400", "A1B2", "64.0 GB", "/dev/sda1", "ntfs OLD"):
        assert word in told


def test_a_disk_that_is_not_divided_shows_what_is_on_it():
    blank, whole = read_disks([SSD, {**SSD, "path": "/dev/sdc", "fstype": "ext4", "label": "BACKUP"}], "")
    assert "no partitions" in "\n".join(describe(blank))
    assert "ext4 BACKUP" in "\n".join(describe(whole))


IN_USE: tuple[tuple[dict[str, Any], str], ...] = (
    ({**SSD, "mountpoints": ["/mnt"]}, "/dev/sda is mounted on /mnt"),
    ({**SSD, "children": [part("sda7", mountpoints=["/data", "/var"])]}, "is mounted on /data, /var"),
    ({**SSD, "children": [part("sda1", mountpoints=["[SWAP]"])]}, "mounted on [SWAP]"),
    ({**SSD, "children": [part("sda1", children=[part("md0", "raid1")])]}, "/dev/md0 (raid1) is on it"),
    (
        {**SSD, "children": [part("sda4", children=[part("mapper/x", "dm")])]},
        "/dev/mapper/x (dm) is on it",
    ),
    ({**SSD, "children": [part("sda1", children=[part("vg-lv", "lvm")])]}, "/dev/vg-lv (lvm) is on it"),
    ({**SSD, "ro": True}, "write-protected"),
)
"""What `flash` refuses too."""


@pytest.mark.parametrize(
    "row, said",
    [
        *IN_USE,
        ({**SSD, "log-sec": 4096}, "its sectors have 4096 bytes"),
        ({**SSD, "size": 1_000_000_000}, "it has 1.0 GB, and 1.5 GB are needed"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(row: dict[str, Any], said: str):
    (disk,) = read_disks([row], "/dev/sdb")
    assert said in disk.refusal(NEEDED)


@pytest.mark.parametrize("row", [row for row, _ in IN_USE])
def test_a_disk_that_is_in_use_is_refused_as_flash_refuses_it(row: dict[str, Any]):
    """Neither package imports the other: this holds the two together."""
    (disk,) = read_disks([row], "/dev/sdb")
    assert disk.refusal(NEEDED) == read_device(row).refusal != ""


def test_the_disk_that_the_box_runs_from_is_never_taken_whatever_is_mounted():
    """A node whose data partition is broken has nothing of its disk mounted."""
    (disk,) = read_disks([SSD], "/dev/sda")
    assert disk.refusal(NEEDED) == "the box runs from it"


def test_what_is_no_disk_is_not_even_shown():
    rows = [
        {**SSD, "path": "/dev/sr0", "type": "rom"},
        {**SSD, "path": "/dev/zram0"},
        {**SSD, "path": "/dev/mmcblk1", "size": 0},
    ]
    assert read_disks(rows, "") == ()


@pytest.fixture
def machine(tmp_path: Path) -> tuple[str, str]:
    """What the real lsblk is told to look at: one disk, whose only partition is mounted."""
    disk = tmp_path / "sys/devices/virtual/block/sda"
    files = {
        disk / "dev": "8:0",
        disk / "size": "100000000",
        disk / "removable": "0",
        disk / "ro": "0",
        disk / "queue/logical_block_size": "512",
        disk / "sda1/dev": "8:1",
        disk / "sda1/size": "50000",
        disk / "sda1/ro": "0",
        disk / "sda1/partition": "1",
        disk / "sda1/start": "2048",
        tmp_path / "dev/sda": "",
        tmp_path / "dev/sda1": "",
        tmp_path / "proc/swaps": "",
        tmp_path / "proc/self/mountinfo": "36 35 8:1 / /mnt rw,relatime - ext4 /dev/sda1 rw",
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    for folder in (disk / "holders", disk / "slaves", disk / "sda1/holders", tmp_path / "sys/dev/block"):
        folder.mkdir(parents=True)
    (tmp_path / "sys/block").mkdir()
    (tmp_path / "sys/block/sda").symlink_to("../devices/virtual/block/sda")
    (tmp_path / "sys/dev/block/8:0").symlink_to("../../devices/virtual/block/sda")
    (tmp_path / "sys/dev/block/8:1").symlink_to("../../devices/virtual/block/sda/sda1")
    return "--sysroot", str(tmp_path)


def test_the_real_lsblk_tells_what_is_on_a_disk(machine: tuple[str, str]):
    """It makes a tree only when it is asked for one, or for names: without it each disk looks unused."""
    (disk,) = read_disks(list_block_devices(COLUMNS, *machine), "/dev/sdb")
    assert "/dev/sda1 is mounted on /mnt" in disk.refusal(NEEDED)
    (row,) = _lsblk(*machine)
    assert "/dev/sda1 is mounted on /mnt" in read_device(row).refusal
