"""The bundle beside the image on a flashed disk: kept once, if it is that of what runs."""

import io
import tarfile
from pathlib import Path

import pytest

from firmware.flash.bundle import MEMBER, PARTITION, make_addition
from hadaemon.install.layout import BUNDLE
from hadaemon.io.firmware import flashed_bundle
from hadaemon.io.firmware.flashed_bundle import archive_header, archive_size, erase, extract
from hadaemon.operations.flashed import keep_flashed
from hadaemon.upgrade.errors import UpgradeError
from tests.unit.upgrade.node import FirmwareNode, make_bundle

SPARE = 1 << 20


@pytest.fixture
def node(tmp_path: Path) -> FirmwareNode:
    return FirmwareNode(tmp_path)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "flashed.raucb", version="1.0")


def partition_with(bundle: Path, place: Path) -> Path:
    """As `flash` writes it: the partition is longer than the archive."""
    addition = make_addition(bundle)
    content = b"".join(addition.chunks())
    assert len(content) == addition.length
    place.write_bytes(content + b"x" * SPARE)
    return place


def keep(node: FirmwareNode, partition: Path) -> str:
    return keep_flashed(node.firmware(), partition, lambda *_: None)


@pytest.mark.parametrize("length", [1, 511, 512, 513, 1024])
def test_both_sides_mean_the_same_archive(length: int, tmp_path: Path):
    path = tmp_path / "bundle"
    path.write_bytes(b"b" * length)
    addition = make_addition(path)
    assert (PARTITION, MEMBER) == (BUNDLE, flashed_bundle._MEMBER)
    assert next(addition.chunks()) == archive_header(length)
    assert addition.length == archive_size(length)


def test_the_bundle_of_what_runs_is_kept_and_the_partition_is_of_no_use_any_more(
    node: FirmwareNode, bundle: Path, tmp_path: Path
):
    node.fill("A", bundle)
    partition = partition_with(bundle, tmp_path / "partition")
    assert keep(node, partition) == "1.0"
    kept = node.firmware().kept_bundle("A")
    assert kept is not None
    assert kept.read_bytes() == bundle.read_bytes()
    assert list(node.places.bundles.iterdir()) == [kept]
    kept.unlink()
    assert keep(node, partition) == ""


def test_the_bundle_of_something_else_is_refused_and_not_looked_at_again(
    node: FirmwareNode, bundle: Path, tmp_path: Path
):
    node.fill("A", make_bundle(tmp_path / "runs.raucb", version="1.1"))
    partition = partition_with(bundle, tmp_path / "partition")
    with pytest.raises(UpgradeError, match="is not what this node runs"):
        keep(node, partition)
    assert list(node.places.bundles.iterdir()) == []
    assert keep(node, partition) == ""


def test_one_that_is_kept_already_is_left_alone(node: FirmwareNode, bundle: Path, tmp_path: Path):
    node.fill("A", bundle)
    node.firmware().keep(str(bundle), lambda *_: None)
    partition = partition_with(bundle, tmp_path / "partition")
    before = partition.read_bytes()
    assert keep(node, partition) == ""
    assert partition.read_bytes() == before


def test_while_another_installation_runs_it_waits_for_the_next_start(
    node: FirmwareNode, bundle: Path, tmp_path: Path
):
    node.fill("A", bundle)
    partition = partition_with(bundle, tmp_path / "partition")
    busy = node.firmware()
    with busy._locked(), pytest.raises(UpgradeError, match="another installation is under way"):
        keep(node, partition)
    assert list(node.places.bundles.iterdir()) == []
    assert keep(node, partition) == "1.0"


@pytest.mark.parametrize("content", [b"", bytes(SPARE), b"noise" * SPARE, b"\xff" * SPARE])
def test_what_is_no_archive_holds_no_bundle(content: bytes, tmp_path: Path):
    (tmp_path / "partition").write_bytes(content)
    assert not extract(tmp_path / "partition", tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "other"])
def test_an_archive_of_something_else_holds_no_bundle(name: str, tmp_path: Path):
    with tarfile.open(tmp_path / "partition", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    assert not extract(tmp_path / "partition", tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["partition"]


def test_a_truncated_archive_is_none(bundle: Path, tmp_path: Path):
    partition = partition_with(bundle, tmp_path / "partition")
    partition.write_bytes(partition.read_bytes()[:5000])
    assert not extract(partition, tmp_path / "target")


def test_an_erased_partition_holds_none(bundle: Path, tmp_path: Path):
    partition = partition_with(bundle, tmp_path / "partition")
    size = partition.stat().st_size
    erase(partition)
    assert partition.stat().st_size == size
    assert not extract(partition, tmp_path / "target")
