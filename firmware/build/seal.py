"""Seal TARGET_DIR: one squashfs with its dm-verity tree appended, and what the initrd needs to open it."""

import os
from dataclasses import dataclass
from pathlib import Path

from firmware.build.context import Context
from firmware.build.ids import make_uuid
from firmware.errors import FirmwareError

BLOCK = 4096
"""Bytes: block size of data and hashes, and what RAUC's block index needs the image to be a multiple of."""

ROOT_PARTITION_SIZE = 512 << 20

HASH = "blake2b-512"
"""Of verity's tree; board/common/initrd/steps/root names it too. Each block that is read is hashed: where the
processor has no instructions for SHA-256, this takes half the time (measured on an emulated one)."""

# Files that change between builds go last, so that an update shares all blocks before them.
LATE_FOLDERS = ("usr/local/lib",)
LATE_FILES = ("usr/lib/os-release",)


@dataclass(frozen=True)
class SealedRoot:
    """The sealed root file system; sizes in blocks of 4096 bytes; `blocks` is all of it."""

    path: Path
    data_blocks: int
    blocks: int
    root_hash: str
    salt: str

    @property
    def kernel_argument(self) -> str:
        """What the initrd reads: see board/common/initramfs."""
        return f"hotspare.verity={self.data_blocks}:{self.blocks}:{self.root_hash}:{self.salt}"


def seal(context: Context) -> SealedRoot:
    """Make `rootfs.img` in BINARIES_DIR from TARGET_DIR."""
    image = context.binaries / "rootfs.img"
    _make_squashfs(context, image)
    data_size = _pad(image)
    salt = make_uuid(context, "verity-salt").hex * 2
    output = context.tools.run(
        "veritysetup",
        "format",
        f"--data-block-size={BLOCK}",
        f"--hash-block-size={BLOCK}",
        f"--data-blocks={data_size // BLOCK}",
        f"--hash-offset={data_size}",
        f"--salt={salt}",
        f"--uuid={make_uuid(context, 'verity')}",
        f"--hash={HASH}",
        image,
        image,
    )
    root_hash = next(line.split()[-1] for line in output.splitlines() if line.startswith("Root hash"))
    size = _pad(image)
    if size > ROOT_PARTITION_SIZE:
        raise FirmwareError(
            f"the root file system has {size >> 20} MiB, its partition {ROOT_PARTITION_SIZE >> 20}",
            where=f"board/{context.board.name}/packages",
            todo="take packages or modules away",
        )
    return SealedRoot(image, data_size // BLOCK, size // BLOCK, root_hash, salt)


def _make_squashfs(context: Context, image: Path) -> None:
    # In blocks of 128 KiB, the default: larger ones save 9 % at most, and a start unpacks more than it needs.
    level = "19" if context.options.release else "3"
    compression = ["-comp", "zstd", "-Xcompression-level", level]
    order = context.work / "sort"
    order.write_text(sort_file(context.target))
    context.tools.run(
        "mksquashfs",
        context.target,
        image,
        *compression,
        "-noappend",
        "-no-progress",
        "-quiet",
        "-no-xattrs",
        "-no-hardlinks",
        "-sort",
        order,
        # Not SOURCE_DATE_EPOCH: that would keep the times of files that a layer made before the last commit.
        "-mkfs-time",
        str(context.epoch),
        "-all-time",
        str(context.epoch),
    )


def sort_file(target: Path) -> str:
    """mksquashfs writes files of a lower priority later; without a line a file has 0."""
    lines = []
    for priority, names in (
        (-10, LATE_FOLDERS),
        (-20, ("usr/local/lib/python3*/dist-packages/hadaemon",)),
        (-30, LATE_FILES),
    ):
        for pattern in names:
            for path in sorted(target.glob(pattern)):
                found = sorted(path.rglob("*")) if path.is_dir() else [path]
                lines += [(str(file.relative_to(target)), priority) for file in found if file.is_file()]
    return "".join(f"{name} {priority}\n" for name, priority in dict(lines).items())


def _pad(path: Path) -> int:
    """Extend a file to a multiple of the block size; returns its new size."""
    size = -(-path.stat().st_size // BLOCK) * BLOCK
    os.truncate(path, size)
    return size
