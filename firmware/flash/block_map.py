"""Reads block maps (bmap 2.0): which blocks of an image hold something, and their checksums. Pure."""

import hashlib
import re
from dataclasses import dataclass
from xml.etree import ElementTree

from firmware.errors import FirmwareError

_SUM = re.compile(r"(?<=<BmapFileChecksum> )[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Range:
    """A run of bytes of the image."""

    start: int
    """Offset in bytes."""
    length: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


@dataclass(frozen=True, slots=True)
class BlockMap:
    """What of an image has to be written."""

    size: int
    """Of the whole image, in bytes."""
    ranges: tuple[Range, ...]
    """In their order; what lies between them is zeros."""

    @property
    def mapped(self) -> int:
        """Bytes in all ranges."""
        return sum(one.length for one in self.ranges)

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Start and length of each run of zeros, in bytes."""
        ends = [0, *(one.start + one.length for one in self.ranges)]
        starts = [*(one.start for one in self.ranges), self.size]
        return tuple((end, start - end) for end, start in zip(ends, starts, strict=True) if start > end)


def parse_block_map(text: str, file: str) -> BlockMap:
    """Raises FirmwareError when it is damaged; `file` is its name, for the message."""
    try:
        return _parse(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise FirmwareError(
            f"the block map is damaged: {error}", file, "build or copy the image again"
        ) from None


def _parse(text: str) -> BlockMap:
    stated = _SUM.search(text)
    if stated is None:
        raise ValueError("it has no checksum of its own")
    # The format's own rule: the sum is taken with zeros in the sum's place.
    if hashlib.sha256(_SUM.sub("0" * 64, text, count=1).encode()).hexdigest() != stated[0]:
        raise ValueError("its checksum is wrong")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own build's file, and its checksum is right
    size, block = (int(root.findtext(name, "")) for name in ("ImageSize", "BlockSize"))
    ranges: list[Range] = []
    for row in root.iter("Range"):
        first, _, last = (row.text or "").strip().partition("-")
        start, end = int(first) * block, min((int(last or first) + 1) * block, size)
        if start >= end or (ranges and start < ranges[-1].start + ranges[-1].length):
            raise ValueError(f"blocks {first}-{last or first} are out of place")
        ranges.append(Range(start, end - start, row.get("chksum", "")))
    return BlockMap(size, tuple(ranges))
