"""Reading back what the build writes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.build.bmap import BLOCK, block_map
from firmware.errors import FirmwareError
from firmware.flash.block_map import parse_block_map


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, BLOCK - 1))
def test_what_the_build_writes_is_understood(tmp_path_factory, blocks: list[bool], cut: int) -> None:
    image: Path = tmp_path_factory.mktemp("image") / "disk"
    content = b"".join((b"x" if full else b"\0") * BLOCK for full in blocks) + b"x" * cut
    image.write_bytes(content)
    told = parse_block_map(block_map(image), "disk.bmap")
    assert told.size == len(content)
    assert b"".join(content[one.start : one.start + one.length] for one in told.ranges).strip(b"x") == b""
    assert all(content[start : start + length].strip(b"\0") == b"" for start, length in told.gaps)
    assert told.mapped + sum(length for _, length in told.gaps) == len(content)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("<Range", "<Rage", "checksum is wrong"),
        ("BmapFileChecksum", "Other", "no checksum"),
        ("> 0 <", "> 7 <", "checksum is wrong"),
    ],
)
def test_a_damaged_one_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    image = tmp_path / "disk"
    image.write_bytes(b"x" * BLOCK)
    text = block_map(image).replace(old, new)
    with pytest.raises(FirmwareError, match=said):
        parse_block_map(text, "disk.bmap")
