"""Copies runs of bytes onto a disk, and reads them back from the disk itself."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hadaemon.install.errors import InstallError
from hadaemon.install.plan import BLOCK, Piece, patched
from hadaemon.io.firmware.disks import forget_cached

CHUNK = 1 << 20
_SETTLE = 16 << 20
"""Bytes between two waits for the disk, so that progress is what the disk did, not what memory took."""

Count = Callable[[int], None]
"""Is called with the number of bytes that were done since the last call."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written."""

    piece: Piece
    digest: bytes
    """SHA-256 of it."""


@dataclass(frozen=True, slots=True)
class SlotImage:
    """What RAUC must know of a slot."""

    digest: str
    """SHA-256 of it, hexadecimal."""
    size: int
    """Bytes."""
    index: bytes
    """SHA-256 of each block, one after the other: the format of RAUC's `block-hash-index`."""


class SlotImages:
    """Counts what is copied into slots, by RAUC's slot class."""

    def __init__(self) -> None:
        self._digests: dict[str, hashlib._Hash] = {}
        self._indexes: dict[str, bytearray] = {}

    def add(self, name: str, content: bytes) -> None:
        """Whole blocks, in their order."""
        self._digests.setdefault(name, hashlib.sha256()).update(content)
        index = self._indexes.setdefault(name, bytearray())
        for at in range(0, len(content), BLOCK):
            index += hashlib.sha256(content[at : at + BLOCK]).digest()

    def found(self) -> dict[str, SlotImage]:
        """By slot class."""
        return {
            name: SlotImage(
                self._digests[name].hexdigest(),
                len(index) // hashlib.sha256().digest_size * BLOCK,
                bytes(index),
            )
            for name, index in self._indexes.items()
        }


def copy(disk: int, piece: Piece, source: Path, images: SlotImages, count: Count) -> Copied:
    """Raises OSError: a disk failed; InstallError: the source is too short."""
    digest = hashlib.sha256()
    unsettled = 0
    for at, content in _chunks(source, piece):
        content = patched(piece, at, content)
        digest.update(content)
        if piece.slot:
            images.add(piece.slot, content)
        write_all(disk, content, piece.at + at)
        unsettled += len(content)
        if unsettled >= _SETTLE:
            os.fdatasync(disk)
            unsettled = 0
        count(len(content))
    os.fdatasync(disk)
    return Copied(piece, digest.digest())


def verify(disk: int, copied: Copied, count: Count) -> None:
    """Raises InstallError: the disk holds something else."""
    digest = hashlib.sha256()
    piece = copied.piece
    for at in range(piece.at, piece.end, CHUNK):
        content = os.pread(disk, min(CHUNK, piece.end - at), at)
        digest.update(content)
        count(len(content))
    if digest.digest() != copied.digest:
        raise InstallError(
            f"what was read back is not what was written (bytes {piece.at} to {piece.end}): "
            "the disk is defective"
        )


def filled_runs(image: Path, source: str, at: int) -> Iterator[Piece]:
    """The parts of an image that are not zeros, as pieces for a disk that holds zeros from `at` on."""
    zeros = bytes(CHUNK)
    with image.open("rb") as file:
        position = begin = 0
        filled = False
        while content := file.read(CHUNK):
            now = content != zeros[: len(content)]
            if now and not filled:
                begin = position
            if filled and not now:
                yield Piece(source, begin, at + begin, position - begin)
            filled = now
            position += len(content)
        if filled:
            yield Piece(source, begin, at + begin, position - begin)


def write_all(disk: int, content: bytes, at: int) -> None:
    """To the last byte."""
    left = memoryview(content)
    while left:
        written = os.pwrite(disk, left, at)
        left, at = left[written:], at + written


def settle(disk: int) -> None:
    """What is read next comes from the disk."""
    forget_cached(disk)


def _chunks(source: Path, piece: Piece) -> Iterator[tuple[int, bytes]]:
    """Offset in the piece, and content."""
    with source.open("rb", buffering=0) as file:
        at = 0
        while at < piece.length:
            content = os.pread(file.fileno(), min(CHUNK, piece.length - at), piece.source_at + at)
            if not content:
                raise InstallError(f"{source} ends too early: what runs cannot be read")
            yield at, content
            at += len(content)
