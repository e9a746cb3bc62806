"""Removing what builds and tests left: results, cached layers, test artifacts; the downloads on demand."""

import shutil
from pathlib import Path

from firmware.build.image import clean_cache
from firmware.errors import FirmwareError
from firmware.paths import ARTIFACTS, IMAGES


def clean_checkout(downloads: bool = False) -> list[Path]:
    """Remove results, cached layers and test artifacts; with `downloads` the packages too.

    The development signing keys always stay: nodes that run an image trust them. Returns what was removed.
    Raises `FirmwareError` for what this user may not remove.
    """
    results = [path for path in IMAGES.iterdir() if path.name != "README.md"] if IMAGES.exists() else []
    found = [path for path in (*results, ARTIFACTS) if path.exists() or path.is_symlink()]
    for path in found:
        _remove(path)
    return [*found, *clean_cache(downloads=downloads)]


def _remove(path: Path) -> None:
    try:
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path)
    except PermissionError as error:
        raise FirmwareError(
            f"could not remove {path}: {error.strerror}",
            where=str(error.filename),
            todo="an earlier build ran as another user, such as root: remove it as that one",
        ) from error
