"""A data partition as it is flashed: nearly empty, with RAUC's indexes of what both slots hold."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hadaemon.io.programs import run_program

_FOLDERS = (("state", 0o750), ("var", 0o755), ("home", 0o755), ("rauc", 0o700))
_OPTIONS = (
    *("-q", "-t", "ext4", "-L", "data", "-e", "remount-ro", "-m", "1"),
    # Journal and blocks have fixed sizes: what mke2fs would choose for 256 MiB is too small once it is grown.
    *("-J", "size=32", "-b", "4096", "-I", "256", "-i", "16384"),
    *("-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"),
)


def make_data_image(
    folder: Path, size: int, state_owner: tuple[int, int] | None, indexes: Mapping[str, bytes]
) -> Path:
    """The file system in a sparse file.

    Args:
        folder: an empty one, of root's alone.
        size: bytes.
        state_owner: of the state's folder; None: whoever runs this.
        indexes: of the slot that was copied, by RAUC's slot class. Without them the first update would read
            four whole partitions to make them.
    """
    tree, image = folder / "tree", folder / "data.ext4"
    for name, mode in _FOLDERS:
        (tree / name).mkdir(parents=True)
        (tree / name).chmod(mode)
    if state_owner is not None:
        os.chown(tree / "state", *state_owner)
    tree.chmod(0o755)
    for name, index in indexes.items():
        for number in (0, 1):
            place = tree / "rauc" / f"slot.{name}.{number}" / "hash-unknown"
            place.mkdir(parents=True, mode=0o700)
            place.parent.chmod(0o700)
            (place / "block-hash-index").write_bytes(index)
    with image.open("wb") as file:
        file.truncate(size)
    run_program("mke2fs", *_OPTIONS, "-d", str(tree), str(image))
    shutil.rmtree(tree)
    return image
