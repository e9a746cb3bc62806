"""The disk image: a GPT whose layout is for ever, and the partitions' contents copied to their places."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.build.boot import SECTOR, BiosLoader, make_bios_loader
from firmware.build.context import Context
from firmware.build.ids import make_uuid
from firmware.build.seal import BLOCK, ROOT_PARTITION_SIZE

MIB = 1 << 20

BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
_ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
_ROOT_X86_64 = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


@dataclass(frozen=True)
class Partition:
    """One partition: PARTLABEL, size in bytes, type and the file of BINARIES_DIR that fills it."""

    label: str
    size: int
    type: str
    content: str | None = None


PARTITIONS = (
    Partition("bios-boot", 1 * MIB, BIOS_BOOT),
    Partition("esp", 64 * MIB, _ESP, "esp.vfat"),
    Partition("boot-a", 128 * MIB, _BASIC_DATA, "boot.vfat"),
    Partition("root-a", ROOT_PARTITION_SIZE, _ROOT_X86_64, "rootfs.img"),
    Partition("boot-b", 128 * MIB, _BASIC_DATA),
    Partition("root-b", ROOT_PARTITION_SIZE, _ROOT_X86_64),
    # The only one of Linux' general type: systemd-repart finds by type what it grows.
    Partition("data", 256 * MIB, LINUX, "data.ext4"),
)
FIRST = 1 * MIB
"""Bytes before the first partition, and after the last one for the second table."""


def partition_offsets(partitions: Sequence[Partition] = PARTITIONS) -> dict[str, int]:
    """Where each partition begins, in bytes."""
    offsets, position = {}, FIRST
    for partition in partitions:
        offsets[partition.label] = position
        position += partition.size
    return offsets


def disk_size(partitions: Sequence[Partition] = PARTITIONS) -> int:
    """The size of the image in bytes."""
    return FIRST + sum(partition.size for partition in partitions) + FIRST


def make_disk(context: Context) -> Path:
    """`disk.img` in BINARIES_DIR: sparse, ready to boot from either kind of firmware."""
    disk = context.binaries / "disk.img"
    write_disk(context, disk, PARTITIONS, make_bios_loader(context, bios_core_sector()))
    return disk


def bios_core_sector(partitions: Sequence[Partition] = PARTITIONS) -> int:
    """Where GRUB for BIOS goes on."""
    return partition_offsets(partitions)["bios-boot"] // SECTOR


def write_disk(
    context: Context, disk: Path, partitions: Sequence[Partition], loader: BiosLoader | None
) -> None:
    """A GPT with these partitions, their contents out of BINARIES_DIR, and the boot loader."""
    with disk.open("wb") as file:
        file.truncate(disk_size(partitions))
    table = partition_table(context, partitions).encode()
    context.tools.run("sfdisk", "--no-reread", "--no-tell-kernel", "--quiet", disk, feed=[table])
    offsets = partition_offsets(partitions)
    with disk.open("r+b") as file:
        for partition in partitions:
            if partition.content:
                copy_sparse(context.binaries / partition.content, file.fileno(), offsets[partition.label])
        if loader:
            os.pwrite(file.fileno(), loader.boot_code, 0)
            os.pwrite(file.fileno(), loader.core, offsets["bios-boot"])


def partition_table(context: Context, partitions: Sequence[Partition] = PARTITIONS) -> str:
    """The script for sfdisk, with every identifier explicit."""
    offsets = partition_offsets(partitions)
    lines = ["label: gpt", f"label-id: {make_uuid(context, 'disk')}"]
    for number, partition in enumerate(partitions, start=1):
        start, size = offsets[partition.label] // SECTOR, partition.size // SECTOR
        identity = f'uuid={make_uuid(context, partition.label)}, name="{partition.label}"'
        lines.append(f"{number}: start={start}, size={size}, type={partition.type}, {identity}")
    return "\n".join(lines) + "\n"


def make_data(context: Context) -> Path:
    """`data.ext4`: the data partition as it is shipped, nearly empty. The node grows it at its first boot."""
    image = context.binaries / "data.ext4"
    folder = context.work / "data"
    for name, mode in (("state", 0o750), ("var", 0o755), ("home", 0o755), ("rauc", 0o700)):
        (folder / name).mkdir(parents=True, mode=mode)
        (folder / name).chmod(mode)
    os.chown(folder / "state", 0, STATE_GROUP)
    write_block_indexes(context, folder / "rauc")
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (context.epoch, context.epoch))
    size = next(partition.size for partition in PARTITIONS if partition.label == "data")
    uuid, seed = make_uuid(context, "data-file-system"), make_uuid(context, "data-hash-seed")
    with image.open("wb") as file:
        file.truncate(size)
    # Journal and blocks have fixed sizes: what mke2fs would choose for 256 MiB is too small once it is grown.
    context.tools.run(
        *(
            "mke2fs",
            "-q",
            "-t",
            "ext4",
            "-L",
            "data",
            "-U",
            str(uuid),
            "-e",
            "remount-ro",
            "-J",
            "size=32",
            "-m",
            "1",
        ),
        *("-b", "4096", "-I", "256", "-i", "16384"),
        *("-E", f"hash_seed={seed},lazy_itable_init=1,nodiscard,root_owner=0:0", "-d", folder, image),
        env={"SOURCE_DATE_EPOCH": str(context.epoch)},
    )
    return image


def write_block_indexes(context: Context, folder: Path) -> None:
    """RAUC's index of what both slots of a flashed node hold; the second slot is a copy of the first.

    Without it the first update would read and hash four whole partitions to make it. RAUC throws an index
    away that is not of what its own status says of the slot. It checks each block that it takes by an index.
    """
    status = []
    for name, content in (("bootfs", "boot.vfat"), ("rootfs", "rootfs.img")):
        image = context.binaries / content
        index = block_index(image)
        with image.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for number in (0, 1):
            place = folder / f"slot.{name}.{number}/hash-{digest}"
            place.mkdir(parents=True, mode=0o700)
            place.parent.chmod(0o700)
            (place / "block-hash-index").write_bytes(index)
            status += [
                f"[slot.{name}.{number}]",
                "status=ok",
                f"sha256={digest}",
                f"size={image.stat().st_size}",
            ]
    (folder / "central.raucs").write_text("".join(f"{line}\n" for line in status))


def block_index(path: Path) -> bytes:
    """SHA-256 of each block, one after the other: the format of RAUC's `block-hash-index`."""
    with path.open("rb") as file:
        return b"".join(hashlib.sha256(block).digest() for block in iter(lambda: file.read(BLOCK), b""))


STATE_GROUP = 900
"""The group `hadaemon`; the number is fixed in rootfs-overlay/usr/lib/sysusers.d."""


def copy_sparse(source: Path, target: int, offset: int) -> None:
    """Copy a file to `offset` of an open, empty file, leaving its blocks of zeros out."""
    zeros = bytes(BLOCK)
    with source.open("rb") as file:
        position = 0
        while chunk := file.read(MIB):
            if chunk.count(0) != len(chunk):
                for start in range(0, len(chunk), BLOCK):
                    block = chunk[start : start + BLOCK]
                    if block != zeros[: len(block)]:
                        os.pwrite(target, block, offset + position + start)
            position += len(chunk)
