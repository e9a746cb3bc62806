"""Block maps (bmap 2.0): which blocks of a disk image hold something, with checksums, for bmaptool.

Made from the content and not from the file system's holes, which differ from one host to the next.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 4096
_CHECKSUM_PLACE = "0" * 64


def block_map(image: Path) -> str:
    """The XML of the block map of `image`."""
    size = image.stat().st_size
    ranges = list(mapped_ranges(image))
    mapped = sum(last - first + 1 for first, last, _ in ranges)
    rows = "\n".join(
        f'        <Range chksum="{sum_}"> {_span(first, last)} </Range>' for first, last, sum_ in ranges
    )
    text = f"""<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> {size} </ImageSize>
    <BlockSize> {BLOCK} </BlockSize>
    <BlocksCount> {-(-size // BLOCK)} </BlocksCount>
    <MappedBlocksCount> {mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> {_CHECKSUM_PLACE} </BmapFileChecksum>
    <BlockMap>
{rows}
    </BlockMap>
</bmap>
"""
    # The format's own rule: the sum is taken with zeros in the sum's place.
    return text.replace(_CHECKSUM_PLACE, hashlib.sha256(text.encode()).hexdigest(), 1)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def mapped_ranges(image: Path) -> Iterator[tuple[int, int, str]]:
    """First block, last block and SHA-256 of each run of blocks that are not all zeros."""
    first, last, digest = -1, -1, hashlib.sha256()
    for number, block in data_blocks(image):
        if first >= 0 and number != last + 1:
            yield first, last, digest.hexdigest()
            first, digest = -1, hashlib.sha256()
        first = number if first < 0 else first
        last = number
        digest.update(block)
    if first >= 0:
        yield first, last, digest.hexdigest()


def data_blocks(image: Path) -> Iterator[tuple[int, bytes]]:
    """Number and content of each block that is not all zeros; holes are skipped unread, to save time."""
    zeros = bytes(BLOCK)
    with image.open("rb") as file:
        position, size = 0, os.fstat(file.fileno()).st_size
        while position < size:
            try:
                start = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # nothing but a hole up to the end
                return
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            number = start // BLOCK
            file.seek(number * BLOCK)
            while number * BLOCK < end and (block := file.read(BLOCK)):
                if block != zeros[: len(block)]:
                    yield number, block
                number += 1
            position = max(end, number * BLOCK)
