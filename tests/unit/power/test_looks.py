"""Each look at a disk finds what is wrong, and nothing on a good one."""

import hashlib
import random
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.build.boot import GRUBENV, grubenv
from firmware.lab.fat import SECTOR, fat_image
from hadaemon.upgrade.bundle import BLOCK
from tests.power import boot_environment, ext4, gpt
from tests.power.check import read_data
from tests.power.errors import Fault
from tests.power.fat import Fat
from tests.power.verity import check_root


def reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda at, size: data[at : at + size]


# FAT

FILES = {"slot.cfg": b"set x\n" * 300, "vmlinuz": bytes(range(256)) * 9, "a long name.txt": b"", "b": b"b"}


def test_files_are_read_from_a_fat() -> None:
    fat = Fat(reader(fat_image("BOOT", FILES)), "boot-a")
    assert {name: fat.file(f"/{name}") for name in FILES} == FILES
    assert fat.file("/SLOT.CFG") == FILES["slot.cfg"]
    assert list(fat.faults()) == []
    with pytest.raises(Fault, match="has no /other"):
        fat.file("/other")


@pytest.mark.parametrize(
    "at,value,message",
    [
        (SECTOR + 2 * 3, 0xFFFF, "clusters"),  # The first file ends after one cluster.
        (SECTOR + 2 * 2, 2, "lead nowhere"),  # A circle.
        (SECTOR + 2 * 7000, 0xFFFF, "1 clusters belong to no file"),
    ],
)
def test_a_broken_fat_is_found(at: int, value: int, message: str) -> None:
    image = bytearray(fat_image("BOOT", {"a": b"x" * 3 * SECTOR}))
    struct.pack_into("<H", image, at, value)
    found = list(Fat(reader(bytes(image)), "esp").faults())
    assert any(message in fault for fault in found), found
    assert any("copy 2 of its table differs" in fault for fault in found)


def test_what_is_no_fat_is_a_fault() -> None:
    with pytest.raises(Fault, match="no boot sector"):
        Fat(reader(bytes(4096)), "esp")


# GRUB's environment


def test_the_environment_is_read_and_says_what_is_started() -> None:
    assert boot_environment.parse(grubenv(GRUBENV)) == GRUBENV
    assert boot_environment.order_of_trying(GRUBENV) == ["A"]


@pytest.mark.parametrize(
    "change,slots",
    [
        ({"ORDER": "B A", "B_OK": "1"}, ["B", "A"]),
        ({"ORDER": "B A", "B_OK": "1", "B_TRY": "2"}, ["B", "A"]),
        ({"ORDER": "B A", "B_OK": "1", "B_TRY": "3"}, ["A", "B"]),
        ({"A_TRY": "3"}, ["A"]),
        ({"A_OK": "0"}, ["A", "B"]),
    ],
)
def test_grub_takes_the_first_one_that_is_good_and_not_worn_out(
    change: dict[str, str], slots: list[str]
) -> None:
    assert boot_environment.order_of_trying(GRUBENV | change) == slots


@pytest.mark.parametrize(
    "block",
    [
        b"",
        bytes(1024),
        grubenv(GRUBENV)[:512] + bytes(512),
        grubenv({"ORDER": "A B"}),
        grubenv(GRUBENV)[:1000],
    ],
)
def test_a_torn_environment_is_a_fault(block: bytes) -> None:
    with pytest.raises(Fault):
        boot_environment.parse(block)


# dm-verity


def sealed(blocks: int) -> tuple[bytes, str]:
    """Data, superblock and tree as veritysetup makes them, and the kernel's argument."""
    data = random.Random(1).randbytes(blocks * BLOCK)
    salt = b"salt" * 8
    level = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)]
    levels: list[bytes] = []
    while len(level) > 1:
        packed = b"".join(hashlib.blake2b(salt + block).digest() for block in level)
        packed = packed.ljust(-(-len(packed) // BLOCK) * BLOCK, b"\0")
        levels.insert(0, packed)
        level = [packed[at : at + BLOCK] for at in range(0, len(packed), BLOCK)]
    root = hashlib.blake2b(salt + level[0]).digest()
    image = data + b"verity".ljust(BLOCK, b"\0") + b"".join(levels)
    return (
        image,
        f'set slot_arguments="ro hotspare.verity={blocks}:{len(image) // BLOCK}:{root.hex()}:{salt.hex()}"',
    )


@pytest.mark.parametrize("blocks", [2, 128, 129, 300])
def test_a_sealed_root_is_whole_until_one_bit_of_it_changes(blocks: int) -> None:
    image, arguments = sealed(blocks)
    check_root(reader(image), arguments, "root-a")
    for at, message in ((BLOCK + 5, "does not hold"), (len(image) - 1, "hash tree")):
        bad = bytearray(image)
        bad[at] ^= 1
        with pytest.raises(Fault, match=message):
            check_root(reader(bytes(bad)), arguments, "root-a")


def test_a_slot_without_its_argument_is_a_fault() -> None:
    with pytest.raises(Fault, match=r"names no hotspare\.verity"):
        check_root(reader(b""), "set slot_arguments=", "root-a")


# GPT


def disk_with_tables() -> bytearray:
    disk = bytearray(64 * SECTOR)
    entry = (
        b"T" * 16 + b"U" * 16 + struct.pack("<QQQ", 40, 47, 0) + "data".encode("utf-16-le").ljust(72, b"\0")
    )
    table = entry.ljust(128 * 8, b"\0")
    for here, other, at in ((1, 63, 2), (63, 1, 60)):
        disk[at * SECTOR : at * SECTOR + len(table)] = table
        fields = (0x10000, 92, 0, 0, here, other, 34, 60, b"D" * 16, at, 8, 128, zlib.crc32(table))
        header = bytearray(struct.pack("<8sLLLLQQQQ16sQLLL", b"EFI PART", *fields))
        struct.pack_into("<L", header, 16, zlib.crc32(header))
        disk[here * SECTOR : here * SECTOR + len(header)] = header
    return disk


def test_both_partition_tables_are_checked() -> None:
    disk = disk_with_tables()
    found = gpt.partitions(reader(bytes(disk)))
    assert (found["data"].offset, found["data"].size) == (40 * SECTOR, 8 * SECTOR)
    assert list(gpt.faults(reader(bytes(disk)), len(disk))) == []
    for at, message in ((SECTOR + 80, "header"), (2 * SECTOR + 3, "entries"), (63 * SECTOR, "second")):
        bad = bytearray(disk)
        bad[at] ^= 1
        (fault,) = gpt.faults(reader(bytes(bad)), len(bad))
        assert message in fault


# the data partition


@pytest.fixture
def data_image(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "state/firmware").mkdir(parents=True)
    (tree / "state/node.toml").write_text("schema = 1\n")
    (tree / "rauc").mkdir()
    (tree / "firmware").mkdir()
    image = tmp_path / "data.ext4"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    command = ["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(image)]
    subprocess.run(command, check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
    return image


def test_a_whole_file_system_is_copied_checked_and_read(data_image: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "files").mkdir(parents=True)
    with data_image.open("rb") as file:
        with ext4.copied(file.fileno(), 0, data_image.stat().st_size, scratch) as copy:
            assert copy.read_bytes() == data_image.read_bytes()
            ext4.check(copy)
            ext4.extract(copy, ("/state", "/rauc", "/firmware"), scratch / "files")
        assert not copy.exists()
    assert (scratch / "files/state/node.toml").read_text() == "schema = 1\n"
    assert list(read_data(scratch / "files", frozenset()).configuration) == ["node.toml"]


def test_a_superblock_of_which_one_sector_is_newer_is_mended_as_the_initrd_does_it(
    data_image: Path, tmp_path: Path
) -> None:
    with data_image.open("r+b") as file:
        file.seek(1024 + 0x34)
        file.write(b"\xff\x7f")
    ext4.check(data_image)
    (tmp_path / "files").mkdir()
    ext4.extract(data_image, ("/state",), tmp_path / "files")
    assert (tmp_path / "files/state/node.toml").read_text() == "schema = 1\n"


def test_a_file_system_with_a_hole_in_it_is_a_fault(data_image: Path) -> None:
    with data_image.open("r+b") as file:
        file.seek(1024 + 8 * 1024)
        file.write(b"\xff" * 200_000)
    with pytest.raises(Fault, match=r"e2fsck|whole"):
        ext4.check(data_image)


@pytest.mark.parametrize(
    "name,content,message",
    [
        ("state/node.toml", bytes(40), "has zero bytes"),
        ("state/firmware/trial.json", b'{"slot": "A"', "the trial cannot be read"),
        ("state/firmware/trial.json", b'{"slot": "C"}', "the trial cannot be read"),
        ("rauc/central.raucs", b"no section\n", r"rauc/central\.raucs cannot be read"),
        ("firmware/slot-B.raucb", b"half", "is not a bundle that was signed"),
        ("firmware/upgrade.raucb", b"half", "is not a bundle that was signed"),
        ("state/daemon/upgrade.json", b'{"verdict": "runn', "the plan of the upgrade cannot be read"),
        ("state/daemon/upgrade.json", b'{"verdict": "maybe"}', "the plan of the upgrade cannot be read"),
    ],
)
def test_torn_files_are_found(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    for folder in ("state/firmware", "state/daemon", "rauc", "firmware"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / name).write_bytes(content)
    found = read_data(tmp_path, frozenset())
    assert re.search(message, " ".join(found.faults)), found.faults
