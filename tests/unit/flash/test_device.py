"""What may be written to, from what lsblk tells."""

from typing import Any

import pytest

from firmware.flash.device import choices, describe, read_device

EMPTY: dict[str, Any] = {"fstype": None, "label": None, "partlabel": None, "mountpoints": [None]}
STICK: dict[str, Any] = {
    **EMPTY,
    "path": "/dev/sdb",
    "type": "disk",
    "size": 8_000_000_000,
    "model": "Ultra Fit ",
    "serial": "4C53",
    "tran": "usb",
    "ro": False,
}


def part(name: str, kind: str = "part", **more: object) -> dict[str, Any]:
    return {**EMPTY, "path": f"/dev/{name}", "type": kind, "size": 1_000_000_000, "ro": False, **more}


def test_an_unused_stick_may_be_written_to() -> None:
    device = read_device({**STICK, "children": [part("sdb1", fstype="vfat", label="PHOTOS")]})
    assert device.refusal == ""
    told = describe(device)
    for word in ("Ultra Fit", "4C53", "8.0 GB", "/dev/sdb1", "vfat PHOTOS", "usb"):
        assert word in told


@pytest.mark.parametrize(
    "row, said",
    [
        ({**STICK, "mountpoints": ["/mnt"]}, "/dev/sdb is mounted on /mnt"),
        ({**STICK, "children": [part("sdb1", mountpoints=["/"])]}, "/dev/sdb1 is mounted on /"),
        ({**STICK, "children": [part("sdb1", mountpoints=["[SWAP]"])]}, "mounted on [SWAP]"),
        (
            {**STICK, "children": [part("sdb1", children=[part("mapper/root", "lvm", mountpoints=["/"])])]},
            "/dev/mapper/root is mounted",
        ),
        ({**STICK, "children": [part("sdb1", children=[part("md0", "raid1")])]}, "/dev/md0 (raid1) is on it"),
        ({**STICK, "ro": True}, "write-protected"),
    ],
)
def test_what_is_in_use_is_refused(row: dict[str, Any], said: str) -> None:
    assert said in read_device(row).refusal


def test_the_disk_of_the_running_system_is_no_choice() -> None:
    own = {**STICK, "path": "/dev/sda", "children": [part("sda1", mountpoints=["/"])]}
    lvm = [part("sda3", children=[part("mapper/vg-root", "lvm", mountpoints=["/", "/home"])])]
    swap = {**STICK, "path": "/dev/sdd", "children": [part("sdd1", mountpoints=["[SWAP]"])]}
    mounted = {**STICK, "path": "/dev/sdc", "children": [part("sdc1", mountpoints=["/media/photos"])]}
    told = choices(map(read_device, (own, {**own, "children": lvm}, STICK, swap, mounted)))
    assert told == (
        "choose one of: /dev/sdb (Ultra Fit, 8.0 GB), "
        "/dev/sdc (Ultra Fit, 8.0 GB; it is in use: /dev/sdc1 is mounted on /media/photos)"
    )
    assert choices([read_device(own)]) == "plug one in: none is here but the system's own"
