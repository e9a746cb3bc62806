"""What is copied from where to where, and what becomes zeros."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.build.boot import GRUBENV, grubenv
from firmware.build.disk import FIRST, PARTITIONS, disk_size, partition_offsets
from hadaemon.install.errors import InstallError
from hadaemon.install.layout import DATA_SIZE, NAMES, needed, read_layout, table_script
from hadaemon.install.plan import (
    BLOCK,
    Patch,
    Piece,
    Running,
    gaps,
    own_esp,
    patched,
    pieces,
    read_command_line,
)
from hadaemon.install.progress import progress_line

MIB = 1 << 20
BOOT = 64 * MIB
RUNNING = Running("B", 100_000, 100_800)


def table(**more: object) -> dict[str, Any]:
    """sfdisk's, of a stick whose data partition has grown."""
    rows = []
    offsets = partition_offsets()
    for number, part in enumerate(PARTITIONS, start=1):
        size = 28_000 * MIB if part.label == "data" else part.size
        rows.append(
            {
                "node": f"/dev/sdb{number}",
                "start": offsets[part.label] // 512,
                "size": size // 512,
                "type": part.type,
                "uuid": f"{number:032x}",
                "name": part.label,
            }
        )
    return {"label": "gpt", "device": "/dev/sdb", "sectorsize": 512, "partitions": rows} | more


def test_the_layout_is_that_of_every_image():
    """The image builder and the daemon share it by convention only: this holds both to it."""
    layout = read_layout(table())
    assert [(part.name, part.start, part.size, part.type) for part in layout.partitions] == [
        (part.label, partition_offsets()[part.label], part.size, part.type) for part in PARTITIONS
    ]
    assert layout.needed == disk_size() == needed(partition_offsets()["data"])


def test_what_else_is_on_the_stick_is_left_out():
    preseed = {"name": "preseed", "start": 60_000_000, "size": 2048, "type": "EBD0", "node": "/dev/sdb8"}
    assert read_layout(table(partitions=[*table()["partitions"], preseed])) == read_layout(table())


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "dos"},
        {"sectorsize": 4096},
        {"partitions": []},
        {"partitions": table()["partitions"][:6]},
        {"partitions": table()["partitions"][::-1]},
    ],
)
def test_a_disk_that_is_divided_otherwise_is_no_source(wrong: dict[str, object]):
    with pytest.raises(InstallError, match="/dev/sdb is not divided as an image is"):
        read_layout(table(**wrong))


def test_the_new_table_has_no_identifier_of_the_old_one():
    script = table_script(read_layout(table()))
    assert "uuid" not in script
    assert "label-id" not in script
    assert f"7: start={partition_offsets()['data'] // 512}, size={DATA_SIZE // 512}" in script


def test_the_running_slot_becomes_slot_a_and_its_root_is_read_as_the_kernel_checks_it():
    layout = read_layout(table())
    copied = pieces(layout, RUNNING, BOOT, ())
    assert [(piece.source, piece.source_at, piece.length) for piece in copied] == [
        ("bios-boot", 0, MIB),
        ("esp", 0, 64 * MIB),
        ("boot-b", 0, BOOT),
        ("root", 0, 100_000 * BLOCK),
        ("root-b", 100_000 * BLOCK, 800 * BLOCK),
    ]
    assert [piece.at for piece in copied[:4]] == [
        partition_offsets()[name] for name in ("bios-boot", "esp", "boot-a", "root-a")
    ]
    assert copied[4].at == copied[3].end


def test_all_that_is_not_copied_becomes_zeros_and_first_what_makes_the_disk_boot():
    layout = read_layout(table())
    copied = pieces(layout, RUNNING, BOOT, ())
    holes = tuple(gaps(layout, copied))
    assert holes[0] == (0, FIRST)
    runs = sorted([*holes, *((piece.at, piece.length) for piece in copied)])
    assert all(start + length == following for (start, length), (following, _) in pairwise(runs))
    assert sum(runs[-1]) == layout.end
    for name in ("boot-b", "root-b", "data"):
        start = layout[name].start
        assert any(hole <= start and start + layout[name].size <= hole + size for hole, size in holes), name


@pytest.mark.parametrize(
    "running, boot",
    [(RUNNING, 0x10001), (RUNNING, 129 * MIB), (replace(RUNNING, blocks=(512 * MIB) // BLOCK + 1), BOOT)],
)
def test_a_slot_that_does_not_fit_is_not_copied(running: Running, boot: int):
    with pytest.raises(InstallError):
        pieces(read_layout(table()), running, boot, ())


def test_the_command_line_says_what_runs():
    text = (
        "BOOT_IMAGE=(hd0,gpt5)/vmlinuz ro hotspare.verity=100000:100800:ab:cd rauc.slot=B hotspare.esp=1-2\n"
    )
    assert read_command_line(text) == RUNNING


@pytest.mark.parametrize("text", ["", "rauc.slot=C hotspare.verity=1:2:a:b", "rauc.slot=A hotspare.verity=x"])
def test_what_was_not_started_from_a_slot_is_not_copied(text: str):
    with pytest.raises(InstallError, match="nothing to copy"):
        read_command_line(text)


def test_the_esp_gets_a_number_of_its_own_and_the_boot_environment_as_it_is_flashed():
    assert own_esp(5 * MIB, b"abcd")[-1] == Patch(5 * MIB, grubenv(GRUBENV))
    esp = Piece("esp", 0, MIB, 64 * MIB, own_esp(4096, b"abcd"))
    sector = patched(esp, 0, b"\xff" * 512)
    assert sector[37:43] == b"\0\xffabcd"
    assert sector.count(0xFF) == 512 - 5


@given(
    length=st.integers(1, 4000),
    cut=st.integers(1, 500),
    patches=st.lists(st.tuples(st.integers(0, 3900), st.binary(min_size=1, max_size=100)), max_size=4),
)
def test_patches_are_the_same_however_the_piece_is_read(
    length: int, cut: int, patches: list[tuple[int, bytes]]
):
    piece = Piece("esp", 0, 0, length, tuple(Patch(at, content) for at, content in patches))
    content = bytes(index % 251 for index in range(length))
    whole = patched(piece, 0, content)
    assert len(whole) == length
    assert whole == b"".join(patched(piece, at, content[at : at + cut]) for at in range(0, length, cut))


def test_names_are_the_ones_of_the_links_that_the_initrd_makes(pytestconfig: pytest.Config):
    script = pytestconfig.rootpath / "board/common/initrd/steps/root"
    assert f"for name in {' '.join(NAMES)}; do" in script.read_text()


def test_progress_says_how_far_how_fast_and_how_long():
    assert progress_line("writing", 25_000_000, 100_000_000, 5.0, "left").split() == [
        *("writing", "25", "%", "25", "MB", "5.0", "MB/s", "15", "s", "left")
    ]
    assert progress_line("writing", 100, 100, 10.0, "left").split()[-2:] == ["10.0", "s"]
    assert "0 %" in progress_line("erasing", 0, 0, 0.0, "left")
