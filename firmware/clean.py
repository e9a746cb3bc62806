"""Removing what builds and tests left, also files that belong to mapped user ids of an unprivileged build."""

import shutil
import subprocess
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.paths import ARTIFACTS, CACHE, IMAGES

KEPT_WITHOUT_ALL = {"packages", "wheels", "keys"}


def clean_checkout(everything: bool = False) -> list[Path]:
    """Remove results, build trees and test artifacts; with `everything` the downloads too.

    The development signing keys always stay: nodes that run an image trust them. Returns what was removed.
    """
    kept = {"keys"} if everything else KEPT_WITHOUT_ALL
    results = [path for path in IMAGES.iterdir() if path.name != "README.md"] if IMAGES.exists() else []
    cached = [path for path in CACHE.iterdir() if path.name not in kept] if CACHE.exists() else []
    found = [path for path in (*results, *cached, ARTIFACTS) if path.exists() or path.is_symlink()]
    for path in found:
        _remove(path)
    return found


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        enter = ["unshare", "--user", "--map-root-user", "--map-auto"]
        subprocess.run([*enter, "rm", "-rf", "--", str(path)], check=False)
    if path.exists():
        raise FirmwareError(
            f"could not remove {path}",
            where=str(path),
            todo="an earlier build ran as root: remove it as root",
        )
