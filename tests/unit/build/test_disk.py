"""The disk's layout is for ever: numbers, labels and places; and its image is made from content alone."""

import hashlib
import inspect
import os
import re
from configparser import ConfigParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.build import bmap, disk
from firmware.build.boot import (
    CORE_CONFIGURATION,
    GRUBENV,
    grubenv,
    make_bios_loader,
    patch_boot_code,
    patch_core,
)
from firmware.build.sparse import chunks


def test_numbers_and_labels_are_those_that_nodes_in_the_field_have() -> None:
    assert [partition.label for partition in disk.PARTITIONS] == [
        *("bios-boot", "esp", "boot-a", "root-a", "boot-b", "root-b", "data"),
    ]
    sizes = {partition.label: partition.size >> 20 for partition in disk.PARTITIONS}
    assert sizes["root-a"] == sizes["root-b"] == 512
    assert sizes["boot-a"] == sizes["boot-b"] == 128


def test_grub_and_the_manual_name_the_partitions_by_their_numbers(pytestconfig: pytest.Config) -> None:
    numbers = {partition.label: at for at, partition in enumerate(disk.PARTITIONS, start=1)}
    root = pytestconfig.rootpath
    assert f"(,gpt{numbers['esp']})/grub" in inspect.getsource(make_bios_loader)
    kernels = re.findall(r"set partition=gpt(\d)", (root / "board/common/grub.cfg").read_text())
    assert kernels == [str(numbers["boot-a"]), str(numbers["boot-b"])]
    told: dict[int, str] = {}
    sizes: dict[str, int] = {}
    page = (root / "docs/building.md").read_text().partition("## The disk")[2]
    for number, label, size in re.findall(r"^\| ([\d, ]+) \| (`[^|]+`) \| (\d+) MiB", page, re.MULTILINE):
        labels = re.findall(r"`([^`]+)`", label)
        told |= zip(map(int, number.split(",")), labels, strict=True)
        sizes |= dict.fromkeys(labels, int(size))
    assert [told[at] for at in sorted(told)] == list(numbers)
    assert sizes == {partition.label: partition.size >> 20 for partition in disk.PARTITIONS}


def test_partitions_are_aligned_and_do_not_overlap() -> None:
    offsets = disk.partition_offsets()
    end = disk.FIRST
    for partition in disk.PARTITIONS:
        assert offsets[partition.label] == end
        assert offsets[partition.label] % disk.MIB == 0
        end += partition.size
    assert disk.disk_size() == end + disk.MIB


def test_only_the_data_partition_has_the_type_that_grows() -> None:
    types = [partition.type for partition in disk.PARTITIONS]
    assert types.count(types[-1]) == 1


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    content = bytearray(40 * bmap.BLOCK)
    content[bmap.BLOCK : 3 * bmap.BLOCK] = os.urandom(2 * bmap.BLOCK)
    content[30 * bmap.BLOCK + 17] = 1
    content[39 * bmap.BLOCK :] = os.urandom(bmap.BLOCK)
    path.write_bytes(content)
    return path


def test_copy_sparse_copies_all_and_leaves_zeros_out(sparse: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with target.open("w+b") as file:
        file.truncate(1 << 20)
        disk.copy_sparse(sparse, file.fileno(), 5 * bmap.BLOCK)
    copied = target.read_bytes()
    assert copied[5 * bmap.BLOCK : 45 * bmap.BLOCK] == sparse.read_bytes()
    assert copied[45 * bmap.BLOCK :].count(0) == len(copied) - 45 * bmap.BLOCK
    assert target.stat().st_blocks * 512 < 20 * bmap.BLOCK


def test_block_map_names_every_block_that_holds_something(sparse: Path) -> None:
    ranges = list(bmap.mapped_ranges(sparse))
    assert [(first, last) for first, last, _ in ranges] == [(1, 2), (30, 30), (39, 39)]
    content = sparse.read_bytes()
    for first, last, digest in ranges:
        assert hashlib.sha256(content[first * bmap.BLOCK : (last + 1) * bmap.BLOCK]).hexdigest() == digest


def test_block_map_carries_its_own_checksum(sparse: Path) -> None:
    text = bmap.block_map(sparse)
    digest = re.search(r"<BmapFileChecksum> (\w+) <", text)
    assert digest is not None
    assert hashlib.sha256(text.replace(digest[1], "0" * 64).encode()).hexdigest() == digest[1]
    assert "<MappedBlocksCount> 4 </MappedBlocksCount>" in text
    assert "> 1-2 </Range>" in text


def test_grubenv_is_what_grub_accepts() -> None:
    block = grubenv(GRUBENV)
    assert len(block) == 1024
    assert block.startswith(b"# GRUB Environment Block\nORDER=A B\n")
    assert block.endswith(b"#")


def test_boot_code_finds_the_core() -> None:
    code = patch_boot_code(bytes(512), 2048)
    assert len(code) == 440, "behind it are the disk's signature and the partition table"
    assert code[0x5C:0x64] == (2048).to_bytes(8, "little")


def test_core_finds_the_rest_of_itself() -> None:
    core = patch_core(b"\xee" * 1300, 2048)
    assert len(core) == 3 * 512
    assert core[500:508] == (2049).to_bytes(8, "little")
    assert core[508:510] == (2).to_bytes(2, "little")


def test_a_sparse_files_stream_is_its_whole_content(sparse: Path, tmp_path: Path) -> None:
    image = tmp_path / "holes"
    with image.open("wb") as file:
        file.truncate(5 << 20)
        disk.copy_sparse(sparse, file.fileno(), 3 << 20)
    assert b"".join(chunks(image)) == image.read_bytes()
    assert b"".join(chunks(sparse)) == sparse.read_bytes()


def test_a_block_index_has_the_digest_of_each_block(tmp_path: Path) -> None:
    blocks = [bytes([number]) * disk.BLOCK for number in range(3)]
    (tmp_path / "image").write_bytes(b"".join(blocks))
    index = disk.block_index(tmp_path / "image")
    assert index == b"".join(hashlib.sha256(block).digest() for block in blocks)


def test_the_indexes_of_both_slots_are_of_what_raucs_status_says_of_them(tmp_path: Path) -> None:
    for name in ("boot.vfat", "rootfs.img"):
        (tmp_path / name).write_bytes(name.encode().ljust(disk.BLOCK, b"\0"))
    disk.write_block_indexes(SimpleNamespace(binaries=tmp_path), tmp_path / "rauc")  # type: ignore[arg-type]
    status = ConfigParser()
    status.read(tmp_path / "rauc/central.raucs")
    assert status.sections() == ["slot.bootfs.0", "slot.bootfs.1", "slot.rootfs.0", "slot.rootfs.1"]
    for slot in status.sections():
        place = tmp_path / "rauc" / slot / f"hash-{status[slot]['sha256']}" / "block-hash-index"
        assert len(place.read_bytes()) == 32
        assert (status[slot]["status"], status[slot]["size"]) == ("ok", str(disk.BLOCK))


def test_nobody_edits_what_grub_boots_and_both_slots_can_be_chosen():
    text = (Path(__file__).resolve().parents[3] / "board/common/grub.cfg").read_text()
    entries = re.findall(r"^menuentry .*$", text, re.MULTILINE)
    assert len(entries) == 2
    assert all(" --unrestricted " in entry for entry in entries)
    assert text.index("set superusers=\n") < text.index("load_env")
    assert "password" not in text.replace("without a password", "")
    assert CORE_CONFIGURATION == "set superusers=\n"
