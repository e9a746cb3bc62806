"""Two builds of the same inputs are the same, bit for bit, wherever they are made."""

import filecmp
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.build import disk

Build = Callable[..., dict[str, Path]]


def differing(first: Path, second: Path, folder: Path) -> str:
    """Which files of two disks' roots are not the same: only looked for when a test has failed."""
    roots = []
    for image in (first, second):
        roots.append(folder / f"root of {image.name}")
        offset = str(disk.partition_offsets()["root-a"])
        command = [
            "unsquashfs",
            "-no-progress",
            "-quiet",
            "-offset",
            offset,
            "-dest",
            str(roots[-1]),
            str(image),
        ]
        subprocess.run(command, capture_output=True, check=True)
    found = []
    for path in sorted(roots[0].rglob("*")):
        twin = roots[1] / path.relative_to(roots[0])
        if path.is_symlink() or not path.is_file():
            continue
        if not twin.is_file() or not filecmp.cmp(path, twin, shallow=False):
            found.append(str(path.relative_to(roots[0])))
    return f"{len(found)} files differ: {found[:50]}"


@pytest.fixture
def twin(checkout: Path, tmp_path: Path) -> Path:
    """The same checkout under another path, longer and with other permissions."""
    place = Path(shutil.copytree(checkout, tmp_path / "another place of mine" / "twin", symlinks=True))
    for path in (place / "rootfs-overlay").rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    return place


def test_two_builds_are_equal(build: Build, checkout: Path, twin: Path, tmp_path: Path) -> None:
    def made(place: Path, name: str, fresh: bool) -> tuple[dict[str, Path], dict, Path]:
        result = build(place, fresh=fresh)
        moved = result["raw_image"].rename(tmp_path / name)
        return result, json.loads(result["manifest"].read_text()), moved

    first, before, first_disk = made(checkout, "first.img", fresh=False)
    second, after, twin_disk = made(twin, "second.img", fresh=True)
    if after["packages"] != before["packages"]:
        # The mirror has got newer packages since the layers were made.
        first, before, first_disk = made(checkout, "first.img", fresh=True)

    assert after["images"] == before["images"], differing(first_disk, twin_disk, tmp_path)
    assert after["packages"] == before["packages"]
    assert filecmp.cmp(first_disk, twin_disk, shallow=False)
    assert second["image"].read_bytes() == first["image"].read_bytes()
    assert second["bmap"].read_bytes() == first["bmap"].read_bytes()
    # The bundle's signature differs each time; the hashes of what it installs do not.
    assert after["bundle"] == before["bundle"]
    assert before["bundle"]["rootfs.img"] == before["images"]["rootfs.img"]["sha256"]
