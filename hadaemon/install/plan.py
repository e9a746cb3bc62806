"""What is copied from where to where, and what becomes zeros.

The running slot becomes slot A. Slot B stays empty: the first boot fills it, as on a flashed disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hadaemon.install.errors import InstallError
from hadaemon.install.layout import Layout

BLOCK = 4096
"""Bytes: of dm-verity, and of RAUC's indexes."""
_GRUBENV_SIZE = 1024
_GRUBENV_HEADER = b"# GRUB Environment Block\n"
_GRUBENV = b"ORDER=A B\nA_OK=1\nB_OK=0\nA_TRY=0\nB_TRY=0\n"
"""As it is flashed: slot B is not OK until the first boot has filled it."""
_FAT_STATE = 37
_FAT_NUMBER = 39
"""Offsets in the first sector of FAT16: BS_Reserved1, whose lowest bit says `mounted`, and BS_VolID."""
_FAT_NUMBER_SIZE = 4


@dataclass(frozen=True, slots=True)
class Running:
    """What the kernel was started with."""

    slot: str
    """`A` or `B`."""
    data_blocks: int
    """Of the root file system, which the kernel checks."""
    blocks: int
    """The same and the tree of its hashes."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes of a piece that are another on the new disk."""

    at: int
    """Offset in the piece, in bytes."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One run of bytes."""

    source: str
    """Where it is read: a partition of the running disk by its name, or `ROOT`."""
    source_at: int
    """Offset there, in bytes."""
    at: int
    """Offset on the new disk, in bytes."""
    length: int
    """Bytes."""
    patches: tuple[Patch, ...] = ()
    slot: str = ""
    """The slot class of RAUC's that it is a part of; empty: none."""

    @property
    def end(self) -> int:
        """The first byte behind it on the new disk."""
        return self.at + self.length


ROOT = "root"
"""The root file system as the kernel shows it, each block checked."""


def read_command_line(text: str) -> Running:
    """From /proc/cmdline. Raises InstallError: this box was not started as an appliance is."""
    words = dict(word.partition("=")[::2] for word in text.split())
    slot, numbers = words.get("rauc.slot", ""), words.get("hotspare.verity", "").split(":")
    if slot not in ("A", "B") or len(numbers) < 2 or not all(number.isdecimal() for number in numbers[:2]):
        raise InstallError(
            "this system was not started from a slot of a Hotspare disk: there is nothing to copy"
        )
    return Running(slot, int(numbers[0]), int(numbers[1]))


def pieces(layout: Layout, running: Running, boot_size: int, esp: Iterable[Patch]) -> tuple[Piece, ...]:
    """All that is copied, in the order of the new disk: but not the table, and not the data.

    Args:
        layout: of both disks.
        running: the slot.
        boot_size: of the file system with kernel and initrd, in bytes.
        esp: what the ESP of the new disk has of its own.
    """
    letter = running.slot.lower()
    checked, whole = running.data_blocks * BLOCK, running.blocks * BLOCK
    root = layout["root-a"].start
    parts = (
        Piece("bios-boot", 0, layout["bios-boot"].start, layout["bios-boot"].size),
        Piece("esp", 0, layout["esp"].start, layout["esp"].size, tuple(esp)),
        Piece(f"boot-{letter}", 0, layout["boot-a"].start, boot_size, slot="bootfs"),
        Piece(ROOT, 0, root, checked, slot="rootfs"),
        Piece(f"root-{letter}", checked, root + checked, whole - checked, slot="rootfs"),
    )
    if boot_size > layout["boot-a"].size or boot_size % BLOCK or whole > layout["root-a"].size:
        raise InstallError("the slot that runs is larger than its partitions: this cannot be copied")
    return parts


def own_esp(grubenv_at: int, number: bytes) -> tuple[Patch, ...]:
    """The boot environment as it is flashed, and a number by which GRUB tells this disk from all others.

    Args:
        grubenv_at: where the file lies in the ESP, in bytes.
        number: four random bytes.
    """
    if len(number) != _FAT_NUMBER_SIZE:
        raise ValueError(number)
    environment = (_GRUBENV_HEADER + _GRUBENV).ljust(_GRUBENV_SIZE, b"#")
    return Patch(_FAT_STATE, b"\0"), Patch(_FAT_NUMBER, number), Patch(grubenv_at, environment)


def is_grubenv(content: bytes) -> bool:
    """It begins like GRUB's environment block."""
    return content.startswith(_GRUBENV_HEADER)


def patched(piece: Piece, at: int, content: bytes) -> bytes:
    """A chunk of a piece as the new disk gets it. `at`: its offset in the piece, in bytes."""
    result = bytearray(content)
    for patch in piece.patches:
        start, end = max(patch.at, at), min(patch.at + len(patch.content), at + len(content))
        if start < end:
            result[start - at : end - at] = patch.content[start - patch.at : end - patch.at]
    return bytes(result)


def gaps(layout: Layout, copied: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of zeros, in bytes: what was there must not be taken for a slot.

    The first one is what is before the first partition: from then on the disk does not boot.
    """
    position = 0
    for piece in copied:
        if piece.at > position:
            yield position, piece.at - position
        position = piece.end
    if layout.end > position:
        yield position, layout.end - position
