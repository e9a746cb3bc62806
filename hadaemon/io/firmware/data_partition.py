"""A data partition as it is flashed: nearly empty, with what RAUC knows of both slots."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hadaemon.io.firmware.block_copy import SlotImage
from hadaemon.io.programs.run import run_program

_FOLDERS = (("state", 0o750), ("var", 0o755), ("home", 0o755), ("rauc", 0o700))
_OPTIONS = (
    *("-q", "-t", "ext4", "-L", "data", "-e", "remount-ro", "-m", "1"),
    # Journal and blocks have fixed sizes: what mke2fs would choose for 256 MiB is too small once it is grown.
    *("-J", "size=32", "-b", "4096", "-I", "256", "-i", "16384"),
    *("-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"),
)


def make_data_image(
    folder: Path, size: int, state_owner: tuple[int, int] | None, slots: Mapping[str, SlotImage]
) -> Path:
    """The file system in a sparse file.

    Args:
        folder: an empty one, of root's alone.
        size: bytes.
        state_owner: of the state's folder; None: whoever runs this.
        slots: what both slots hold, or will hold after the first boot, by RAUC's slot class.
    """
    tree, image = folder / "tree", folder / "data.ext4"
    for name, mode in _FOLDERS:
        (tree / name).mkdir(parents=True)
        (tree / name).chmod(mode)
    if state_owner is not None:
        os.chown(tree / "state", *state_owner)
    tree.chmod(0o755)
    _write_status(tree / "rauc", slots)
    with image.open("wb") as file:
        file.truncate(size)
    run_program("mke2fs", *_OPTIONS, "-d", str(tree), str(image))
    shutil.rmtree(tree)
    return image


def _write_status(folder: Path, slots: Mapping[str, SlotImage]) -> None:
    """RAUC's own status, and the indexes that fit to it, as the image builder writes them.

    Without them the first update would read and hash four whole partitions.
    """
    lines = []
    for name, image in slots.items():
        for number in (0, 1):
            place = folder / f"slot.{name}.{number}" / f"hash-{image.digest}"
            place.mkdir(parents=True, mode=0o700)
            place.parent.chmod(0o700)
            (place / "block-hash-index").write_bytes(image.index)
            lines += [f"[slot.{name}.{number}]", "status=ok", f"sha256={image.digest}", f"size={image.size}"]
    (folder / "central.raucs").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
