"""The preseed medium is a FAT16 file system that others can read."""

import struct
import subprocess
from pathlib import Path

import pytest

from firmware.lab.errors import LabError
from firmware.lab.fat import SECTOR, fat_image


def read_back(image: bytes) -> tuple[str, dict[str, bytes]]:
    """Label and files of a FAT16 image, read by the rules of the specification."""
    fields = struct.unpack_from("<HBHBHHBH", image, 11)
    sector, per_cluster, reserved, fats, entries, _, _, fat_sectors = fields
    root = (reserved + fats * fat_sectors) * sector
    data = root + entries * 32
    table = struct.unpack_from(f"<{fat_sectors * sector // 2}H", image, reserved * sector)
    label, long_name, files = "", "", {}
    for offset in range(root, data, 32):
        entry = image[offset : offset + 32]
        if entry[0] == 0:
            break
        if entry[11] == 0x0F:
            part = (entry[1:11] + entry[14:26] + entry[28:32]).decode("utf-16-le")
            long_name = part.split("\0")[0].rstrip("\uffff") + long_name
        elif entry[11] & 0x08:
            label = entry[:11].decode().rstrip()
        else:
            cluster, size = struct.unpack_from("<HL", entry, 26)
            content = b""
            while 2 <= cluster < 0xFFF8:
                start = data + (cluster - 2) * per_cluster * sector
                content += image[start : start + per_cluster * sector]
                cluster = table[cluster]
            files[long_name] = content[:size]
            long_name = ""
    return label, files


@pytest.mark.parametrize(
    "files",
    [
        {"preseed.toml": b"schema = 1\n"},
        {"preseed.toml": b"x" * (3 * SECTOR), "a-name-of-exactly-26-chars": b"", "b": b"y" * (SECTOR + 1)},
        {},
    ],
)
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
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


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(LabError, match="do not fit"):
        fat_image("HOTSPARE", {"big": bytes(5 << 20)})
    with pytest.raises(LabError, match="longer than 11"):
        fat_image("HOTSPARE-LABEL", {})
