"""The installation on another disk, on loop devices: what runs is a small disk image, cut into partitions."""

import configparser
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from firmware.lab.fat import fat_image
from hadaemon.install.disk import COLUMNS, Disk, read_disks
from hadaemon.install.errors import InstallError
from hadaemon.install.layout import HEAD, read_layout
from hadaemon.install.plan import Running
from hadaemon.io.firmware import block_copy
from hadaemon.io.firmware.disks import DiskError, list_block_devices, opened_alone, read_table
from hadaemon.io.firmware.flashed_bundle import extract
from hadaemon.operations import install as installing
from hadaemon.operations.install import InstallPlaces, Source, install

MIB = 1 << 20
SIZES = {"bios-boot": 1, "esp": 2, "boot-a": 8, "root-a": 4, "boot-b": 8, "root-b": 4, "data": 300}
GRUBENV_AT = 1 * MIB
ENVIRONMENT = b"# GRUB Environment Block\nORDER=B A\nB_TRY=1\n".ljust(1024, b"#")
BLOCKS = Running("B", 600, 640)


@dataclass(frozen=True)
class Box:
    """A stick that runs, and a disk full of something else."""

    source: Source
    places: InstallPlaces
    parts: dict[str, bytes]
    target: Path

    @property
    def disk(self) -> Disk:
        (disk,) = (one for one in read_disks(list_block_devices(COLUMNS), "") if one.path == str(self.target))
        return disk

    def install(self, show: installing.Show = lambda *_: None) -> None:
        install(self.source, self.disk, self.places, show)


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Makes loop devices of files."""
    made: list[Path] = []

    def make(file: Path) -> Path:
        done = subprocess.run(
            ["losetup", "--find", "--show", file], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no loop device: {done.stderr.strip()}")
        made.append(Path(done.stdout.strip()))
        return made[-1]

    yield make
    for device in made:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture
def box(tmp_path: Path, loop: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> Box:
    stick = tmp_path / "stick.img"
    with stick.open("wb") as file:
        file.write(b"\x11" * 440)
        file.truncate(sum(SIZES.values()) * MIB + 2 * MIB)
    rows = "".join(f'size={size}M, name="{name}"\n' for name, size in SIZES.items())
    subprocess.run(["sfdisk", "-q", stick], input=f"label: gpt\n{rows}", text=True, check=True)
    parts = {
        "bios-boot": os.urandom(MIB),
        "esp": os.urandom(GRUBENV_AT) + ENVIRONMENT + os.urandom(MIB - 1024),
        "boot-b": fat_image("BOOT", {"VMLINUZ": os.urandom(50_000)}).ljust(8 * MIB, b"\0"),
        "root-b": os.urandom(640 * 4096),
    }
    parts["root"] = parts["root-b"][: 600 * 4096]
    links = tmp_path / "links"
    links.mkdir()
    for name, content in parts.items():
        (links / name).write_bytes(content)
    device = loop(links / "esp")
    (links / "esp").unlink()
    (links / "esp").symlink_to(device)
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        for _ in range(340):
            file.write(b"\xff" * MIB)
    # Only a mounted FAT can tell where a file lies, and not every machine that builds has that.
    monkeypatch.setattr(installing, "place_of", lambda file, size: GRUBENV_AT)
    places = InstallPlaces(links, links / "root", bundles=tmp_path / "none", run=tmp_path)
    source = Source(str(stick), read_layout(read_table(str(stick))), BLOCKS)
    return Box(source, places, parts, loop(disk))


def read(box: Box, name: str, length: int, at: int = 0) -> bytes:
    with box.target.open("rb") as file:
        return os.pread(file.fileno(), length, box.source.layout[name].start + at)


def beginning(box: Box, length: int) -> bytes:
    with box.target.open("rb") as file:
        return file.read(length)


def does_not_boot(box: Box) -> bool:
    return beginning(box, HEAD) == bytes(HEAD)


def test_the_disk_holds_what_runs_as_it_would_have_been_flashed(box: Box) -> None:
    steps: list[str] = []
    box.install(lambda step, done, total: steps.append(f"{step} {done == total}"))
    assert list(dict.fromkeys(step.split()[0] for step in steps)) == [
        "erasing",
        "writing",
        "data",
        "verifying",
    ]
    assert steps[-1] == "verifying True"
    table = read_table(str(box.target))
    assert read_layout(table) == box.source.layout
    own = read_table(box.source.disk)
    for row, before in zip(table["partitions"], own["partitions"], strict=True):
        assert row["uuid"] != before["uuid"]
    assert table["id"] != own["id"]
    assert beginning(box, 440) == b"\x11" * 440
    assert read(box, "bios-boot", MIB) == box.parts["bios-boot"]
    assert read(box, "boot-a", len(box.parts["boot-b"])) == box.parts["boot-b"]
    assert read(box, "root-a", 640 * 4096) == box.parts["root-b"]
    for name in ("boot-b", "root-b"):
        assert read(box, name, SIZES[name] * MIB) == bytes(SIZES[name] * MIB), "the first boot fills it"


def test_the_bundle_of_what_runs_goes_with_it(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "discard", lambda *_: None)  # Not every disk knows that order.
    content = os.urandom(3_000_001)
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    (bundles / "slot-B.raucb").write_bytes(content)
    replace(box, places=replace(box.places, bundles=bundles)).install()
    *own, last = read_table(str(box.target))["partitions"]
    assert (len(own), last["name"]) == (len(SIZES), "bundle")
    place = tmp_path / "partition"
    with box.target.open("rb") as file:
        place.write_bytes(os.pread(file.fileno(), last["size"] * 512, last["start"] * 512))
    listed = subprocess.run(["tar", "--list", "--file", place], capture_output=True, text=True, check=True)
    assert listed.stdout == "bundle.raucb\n", "nothing of what was on the disk is behind it"
    assert extract(place, tmp_path / "found")
    assert (tmp_path / "found").read_bytes() == content


def test_a_bundle_that_has_no_room_is_left_out(box: Box, tmp_path: Path) -> None:
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    with (bundles / "slot-B.raucb").open("wb") as file:
        file.truncate(100 * MIB)
    replace(box, places=replace(box.places, bundles=bundles)).install()
    assert len(read_table(str(box.target))["partitions"]) == len(SIZES)


def test_the_esp_is_the_same_but_for_what_is_this_disks_own(box: Box) -> None:
    box.install()
    esp = read(box, "esp", 2 * MIB)
    environment = esp[GRUBENV_AT : GRUBENV_AT + 1024].rstrip(b"#").decode()
    assert environment == "# GRUB Environment Block\nORDER=A B\nA_OK=1\nB_OK=0\nA_TRY=0\nB_TRY=0\n"
    before = box.parts["esp"]
    differs = {at for at in range(2 * MIB) if esp[at] != before[at]}
    assert differs - set(range(GRUBENV_AT, GRUBENV_AT + 1024)) <= {37, 39, 40, 41, 42}
    assert esp[39:43] != before[39:43]


def test_the_data_partition_is_fresh_and_has_the_indexes_of_both_slots(box: Box, tmp_path: Path) -> None:
    box.install()
    image = tmp_path / "data.ext4"
    image.write_bytes(read(box, "data", 256 * MIB))
    subprocess.run(["e2fsck", "-f", "-n", image], check=True, capture_output=True)

    def in_image(file: str) -> bytes:
        command = ["debugfs", "-R", f"cat {file}", image]
        return subprocess.run(command, capture_output=True, check=True).stdout

    status = configparser.ConfigParser()
    status.read_string(in_image("/rauc/central.raucs").decode())
    for name, content in (("bootfs", box.parts["boot-b"]), ("rootfs", box.parts["root-b"])):
        digest = hashlib.sha256(content).hexdigest()
        wanted = b"".join(
            hashlib.sha256(content[at : at + 4096]).digest() for at in range(0, len(content), 4096)
        )
        for number in (0, 1):
            slot = f"slot.{name}.{number}"
            assert dict(status[slot]) == {"status": "ok", "sha256": digest, "size": str(len(content))}
            assert in_image(f"/rauc/{slot}/hash-{digest}/block-hash-index") == wanted
    listed = subprocess.run(["debugfs", "-R", "ls -p /", image], capture_output=True, text=True, check=True)
    for row in ("/040750/0/0/state/", "/040755/0/0/var/", "/040755/0/0/home/", "/040700/0/0/rauc/"):
        assert row in listed.stdout


@pytest.mark.parametrize("step", ["erasing", "writing", "data", "verifying"])
def test_whoever_interrupts_leaves_a_disk_that_does_not_boot(box: Box, step: str) -> None:
    def show(now: str, done: int, total: int) -> None:
        if now == step and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        box.install(show)
    assert does_not_boot(box)
    box.install()
    assert read_layout(read_table(str(box.target))) == box.source.layout


def test_a_disk_that_gives_back_something_else_is_told_and_does_not_boot(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(disk: int, content: bytes, at: int) -> None:
        at_root = at == box.source.layout["root-a"].start
        write_all(disk, bytes([content[0] ^ 0xFF]) + content[1:] if at_root else content, at)

    write_all = block_copy.write_all
    monkeypatch.setattr(block_copy, "write_all", forgetful)
    with pytest.raises(InstallError, match="the disk is defective"):
        box.install()
    assert does_not_boot(box)


def test_a_table_that_is_another_one_does_not_stay(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = 'label: gpt\n1: start=2048, size=2048, name="bios-boot"\n'
    monkeypatch.setattr(installing, "table_script", lambda layout, more: wrong)
    with pytest.raises(InstallError):
        box.install()
    assert does_not_boot(box)


def test_a_damaged_boot_environment_stops_it_before_anything_is_written(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "place_of", lambda file, size: GRUBENV_AT + 512)
    with pytest.raises(InstallError, match="it is damaged"):
        box.install()
    assert beginning(box, MIB) == b"\xff" * MIB


def test_a_disk_that_somebody_uses_is_not_opened(box: Box) -> None:
    with opened_alone(str(box.target)), pytest.raises(DiskError, match="something uses it"):
        box.install()
    assert beginning(box, MIB) == b"\xff" * MIB


def test_a_mounted_disk_is_refused(box: Box, tmp_path: Path) -> None:
    subprocess.run(["mkfs.ext4", "-q", "-F", box.target], check=True)
    place = tmp_path / "place"
    place.mkdir()
    subprocess.run(["mount", box.target, place], check=True)
    try:
        with pytest.raises(InstallError, match=f"is mounted on {place}"):
            box.install()
    finally:
        subprocess.run(["umount", place], check=True)
