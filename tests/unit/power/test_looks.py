"""Each look at a disk finds what is wrong, and nothing on a good one."""

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from firmware.build.boot import GRUBENV, grubenv
from firmware.build.seal import BLOCK, HASH
from firmware.lab.fat import SECTOR, fat_image
from tests.power import boot_environment, ext4, fat, gpt
from tests.power.check import read_data
from tests.power.errors import Fault
from tests.power.programs import copied
from tests.power.verity import check_root

# FAT

FILES = {"slot.cfg": b"set x\n" * 300, "vmlinuz": bytes(range(256)) * 9, "a long name.txt": b"", "b": b"b"}


@pytest.fixture
def fat_file(tmp_path: Path) -> Path:
    image = tmp_path / "fat.img"
    image.write_bytes(fat_image("BOOT", FILES))
    return image


def test_files_are_read_from_a_fat(fat_file: Path) -> None:
    assert {name: fat.content(fat_file, f"/{name}", "boot-a") for name in FILES} == FILES
    assert fat.content(fat_file, "/SLOT.CFG", "boot-a") == FILES["slot.cfg"]
    assert list(fat.faults(fat_file, "boot-a")) == []
    with pytest.raises(Fault, match="has no /other"):
        fat.content(fat_file, "/other", "boot-a")


def test_a_fat_within_a_disk_is_read(fat_file: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(1 << 20) + fat_file.read_bytes())
    assert fat.content(disk, "/slot.cfg", "boot-a", 1 << 20) == FILES["slot.cfg"]


def test_the_mark_of_a_fat_that_was_mounted_is_no_fault(fat_file: Path) -> None:
    write(fat_file, 37, b"\x01")
    assert list(fat.faults(fat_file, "esp")) == []


@pytest.mark.parametrize(
    "at,value,message",
    [
        (SECTOR + 2 * 3, 0xFFFF, "cluster chain length"),  # The first file ends after one cluster.
        (SECTOR + 2 * 2, 2, "chain|cluster"),  # A circle.
        (SECTOR + 2 * 7000, 0xFFFF, "Reclaimed 1 unused cluster"),
    ],
)
def test_a_broken_fat_is_found(at: int, value: int, message: str, tmp_path: Path) -> None:
    image = tmp_path / "fat.img"
    image.write_bytes(fat_image("BOOT", {"a": b"x" * 3 * SECTOR}))
    for copy in (0, 32 * SECTOR):
        write(image, at + copy, value.to_bytes(2, "little"))
    (found,) = fat.faults(image, "esp")
    assert found.startswith("esp: ")
    assert re.search(message, found), found


def test_a_fat_whose_copies_differ_is_found(fat_file: Path) -> None:
    write(fat_file, SECTOR + 2 * 3, b"\xff\xff")
    (found,) = fat.faults(fat_file, "esp")
    assert "FATs differ" in found


def test_what_is_no_fat_is_a_fault(tmp_path: Path) -> None:
    image = tmp_path / "zeros.img"
    image.write_bytes(bytes(1 << 20))
    with pytest.raises(Fault, match="has no /x"):
        fat.content(image, "/x", "esp")
    assert list(fat.faults(image, "esp"))


def write(image: Path, at: int, content: bytes) -> None:
    with image.open("r+b") as file:
        os.pwrite(file.fileno(), content, at)


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


@pytest.fixture(params=[2, 128, 129, 300])
def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """Data and tree as the build seals them, and the kernel's argument."""
    image, blocks, salt = tmp_path / "root.img", request.param, "5a" * 32
    image.write_bytes(random.Random(1).randbytes(blocks * BLOCK))
    made = subprocess.run(
        [
            *("veritysetup", "format", image, image, f"--data-blocks={blocks}", f"--hash={HASH}"),
            *(f"--hash-offset={blocks * BLOCK}", f"--salt={salt}"),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
    ).stdout
    (root,) = re.findall(r"Root hash:\s+(\w+)", made)
    size = -(-image.stat().st_size // BLOCK)
    return image, f'set slot_arguments="ro hotspare.verity={blocks}:{size}:{root}:{salt}"'


def test_a_sealed_root_is_whole_until_one_bit_of_it_changes(sealed: tuple[Path, str]) -> None:
    image, arguments = sealed
    check_root(image, arguments, "root-a")
    whole = image.read_bytes()
    (blocks,) = map(int, re.findall(r"verity=(\d+)", arguments))
    for at in (BLOCK + 5, (blocks + 1) * BLOCK):
        write(image, at, bytes([whole[at] ^ 1]))
        with pytest.raises(Fault, match="does not hold"):
            check_root(image, arguments, "root-a")
        write(image, at, whole[at : at + 1])
    with pytest.raises(Fault, match="does not hold"):
        check_root(image, arguments.replace("5a5a", "5b5a"), "root-a")


def test_a_slot_without_its_argument_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"names no hotspare\.verity"):
        check_root(tmp_path, "set slot_arguments=", "root-a")


# GPT


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """A disk with a partition table."""
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(DISK)
    table = "label: gpt\nstart=2048, size=2048, name=boot-a\nstart=4096, size=4096, name=data\n"
    subprocess.run(["/sbin/sfdisk", "--quiet", disk], input=table, text=True, check=True)
    return disk


DISK = 16 << 20


def test_the_partitions_are_where_the_table_says(divided: Path) -> None:
    found = gpt.partitions(divided)
    assert (found["data"].offset, found["data"].size) == (4096 * SECTOR, 4096 * SECTOR)
    assert list(found) == ["boot-a", "data"]
    assert list(gpt.faults(divided)) == []


def test_a_disk_that_has_grown_may_have_its_second_table_inside(divided: Path) -> None:
    os.truncate(divided, 2 * DISK)
    assert list(gpt.faults(divided)) == []


@pytest.mark.parametrize(
    "at,message",
    [
        (SECTOR + 80, "primary GPT table is corrupt"),
        (2 * SECTOR + 60, "primary GPT table is corrupt"),
        (DISK - SECTOR, "backup GPT table is corrupt"),
        (DISK - 33 * SECTOR + 60, "backup GPT table is corrupt|differ"),
    ],
)
def test_a_copy_of_the_table_that_is_damaged_is_found(divided: Path, at: int, message: str) -> None:
    write(divided, at, b"\xee")
    (fault,) = gpt.faults(divided)
    assert re.search(message, fault)


def test_two_copies_that_are_whole_and_differ_are_found(divided: Path, tmp_path: Path) -> None:
    """A cut between the two: the second is still that of before."""
    before = divided.read_bytes()[DISK - 33 * SECTOR :]
    subprocess.run(["/sbin/sfdisk", "--quiet", "--part-label", divided, "2", "other"], check=True)
    write(divided, DISK - 33 * SECTOR, before)
    assert list(gpt.faults(divided)) == ["the two partition tables differ"]


def test_a_disk_without_a_table_is_a_fault(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(DISK))
    with pytest.raises(Fault, match="is not there"):
        gpt.partitions(disk)
    (fault,) = gpt.faults(disk)
    assert "partition table: is not there" in fault


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
        with copied(file.fileno(), 0, data_image.stat().st_size, scratch) as copy:
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
