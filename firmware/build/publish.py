"""The last step of a build: finished files appear at their places, all of them or none."""

import errno
import shutil
from collections.abc import Mapping
from pathlib import Path

from firmware.build.commands import no_space, no_space_error
from firmware.build.options import BuildOptions

STAGED = ".{name}.new"
"""The name of a file beside its place, until all the others are there too."""


def raw_disk(cache: Path, options: BuildOptions) -> Path:
    """Where the uncompressed disk of a build is put: in the cache, for those who boot it on this machine."""
    return cache / "disks" / f"{file_name(options)}.img"


def file_name(options: BuildOptions) -> str:
    """What the names of a build's results begin with."""
    return f"hotspare-{options.board}-{options.version}"


def publish(results: Mapping[Path, Path]) -> None:
    """Move each finished file to its place; by way of a copy where that is on another file system.

    Raises `FirmwareError` when a place has no space left for it.
    """
    staged = {place: place.with_name(STAGED.format(name=place.name)) for place in results.values()}
    try:
        for path, place in results.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            _move(path, staged[place])
        for place, beside in staged.items():
            beside.rename(place)
    except BaseException:
        for beside in staged.values():
            beside.unlink(missing_ok=True)
        raise


def forget_unfinished(folder: Path) -> None:
    """Remove what an interrupted `publish` left in a folder."""
    for path in folder.glob(STAGED.format(name="*")):
        path.unlink()


def _move(path: Path, place: Path) -> None:
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(path, place)


def _copy(path: Path, place: Path) -> None:
    try:
        shutil.copyfile(path, place)
    except OSError as error:
        if no_space(error):
            raise no_space_error(str(place.parent)) from error
        raise
