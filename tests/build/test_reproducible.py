"""Two builds of the same inputs are the same, bit for bit, wherever they are made."""

import filecmp
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[..., dict[str, Path]]


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
        disk = result["raw_image"].rename(tmp_path / name)
        return result, json.loads(result["manifest"].read_text()), disk

    first, before, disk = made(checkout, "first.img", fresh=False)
    second, after, twin_disk = made(twin, "second.img", fresh=True)
    if after["packages"] != before["packages"]:
        # The mirror has got newer packages since the layers were made.
        first, before, disk = made(checkout, "first.img", fresh=True)

    assert after["images"] == before["images"]
    assert after["packages"] == before["packages"]
    assert filecmp.cmp(disk, twin_disk, shallow=False)
    assert second["image"].read_bytes() == first["image"].read_bytes()
    assert second["bmap"].read_bytes() == first["bmap"].read_bytes()
    # The bundle's signature differs each time; the hashes of what it installs do not.
    assert after["bundle"] == before["bundle"]
    assert before["bundle"]["rootfs.img"] == before["images"]["rootfs.img"]["sha256"]
