"""`flash` as a person uses it, on loop devices."""

import contextlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.build.bmap import block_map
from firmware.build.disk import partition_offsets
from firmware.errors import FirmwareError
from firmware.flash.block_map import parse_block_map
from firmware.flash.end import Addition, add_partitions
from firmware.flash.write import verify, write_image
from firmware.paths import ROOT

SIZE = 64 << 20
PRESEED = """\
schema = 1
[admin]
ssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEx8Fxm3zBYgZ7X2tZ7h9m8Dvxl2Fv5hQf8hM7nJ5n0e tester"]
[node]
name = "alpha"
[node.ports.lan]
mac = "52:54:00:48:0a:01"
"""


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A disk full of something else."""
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        for _ in range(SIZE >> 20):
            file.write(b"\xff" * (1 << 20))
    done = subprocess.run(
        ["losetup", "--find", "--show", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no loop device: {done.stderr.strip()}")
    device = Path(done.stdout.strip())
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", str(device)], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small disk image with a partition table and a long hole."""
    raw = tmp_path / "small.img"
    with raw.open("wb") as file:
        file.truncate(32 << 20)
    table = "label: gpt\nstart=2048, size=8192, name=boot-a\nstart=16384, size=8192, name=data\n"
    subprocess.run(["sfdisk", "--quiet", str(raw)], input=table, text=True, check=True)
    with raw.open("r+b") as file:
        file.seek(8 << 20)
        file.write(bytes(range(256)) * 8192)
    raw.with_name("small.img.bmap").write_text(block_map(raw))
    subprocess.run(["zstd", "-q", str(raw)], check=True)
    return raw.with_name("small.img.zst")


def flash(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "firmware", "flash", *map(str, arguments)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_whole_image_is_on_the_disk_and_nothing_of_what_was_there(loop: Path, image: Path) -> None:
    done = flash("--device", loop, "--image", image, "--yes")
    assert done.returncode == 0, done.stderr
    raw = image.with_suffix("").read_bytes()
    assert loop.read_bytes()[: len(raw)] == raw, "holes are zeros, whatever was there"
    for word in ("writing", "verifying", "MB/s", "100 %", "loop"):
        assert word in done.stdout


def test_each_disk_gets_a_number_of_its_own_on_its_esp(loop: Path, image: Path) -> None:
    """By it GRUB tells two disks apart that the same image was written to. Nothing else is changed."""
    raw, esp = image.with_suffix(""), partition_offsets()["esp"]
    content = bytearray(raw.read_bytes())
    content[esp : esp + 62] = bytes(range(54)) + b"FAT16   "
    raw.write_bytes(content)
    image.with_name("small.img.bmap").write_text(block_map(raw))
    subprocess.run(["zstd", "-q", "-f", str(raw)], check=True)
    found = []
    for _ in range(2):
        done = flash("--device", loop, "--image", image, "--yes")
        assert done.returncode == 0, done.stderr
        written = loop.read_bytes()[: len(content)]
        assert {at - esp for at in range(esp, esp + 512) if written[at] != content[at]} <= {39, 40, 41, 42}
        assert (written[:esp], written[esp + 512 :]) == (content[:esp], content[esp + 512 :])
        found.append(written[esp + 39 : esp + 43])
    assert len({bytes(content[esp + 39 : esp + 43]), *found}) == 3


def test_a_preseed_is_on_a_partition_of_its_own_at_the_end(loop: Path, image: Path, tmp_path: Path) -> None:
    preseed = tmp_path / "alpha.toml"
    preseed.write_text(PRESEED)
    done = flash("--device", loop, "--image", image, "--preseed", preseed, "--yes")
    assert done.returncode == 0, done.stderr
    assert place_of(loop, "boot-a") == 1 << 20
    content = loop.read_bytes()[place_of(loop, "preseed") :]
    assert b"HOTSPARE" in content[:64]
    assert PRESEED.encode() in content


@pytest.fixture
def bundle(image: Path) -> bytes:
    """Beside the image, as the build leaves it."""
    content = os.urandom(3_000_001)
    image.with_name("small.raucb").write_bytes(content)
    return content


def place_of(loop: Path, name: str) -> int:
    """Where a partition begins, in bytes."""
    table = subprocess.run(["sfdisk", "--json", loop], capture_output=True, text=True, check=True).stdout
    parts = json.loads(table)["partitiontable"]["partitions"]
    (found,) = (part["start"] * 512 for part in parts if part.get("name") == name)
    return int(found)


def test_the_images_bundle_is_beside_it_for_the_peer(
    loop: Path, image: Path, bundle: bytes, tmp_path: Path
) -> None:
    preseed = tmp_path / "alpha.toml"
    preseed.write_text(PRESEED)
    done = flash("--device", loop, "--image", image, "--preseed", preseed, "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{loop} holds small.img.zst and the preseed and the bundle" in done.stdout
    with loop.open("rb") as disk:
        disk.seek(place_of(loop, "bundle"))
        with tarfile.open(fileobj=disk, mode="r|") as archive:
            member = archive.next()
            assert (member and member.name) == "bundle.raucb"
            content = archive.extractfile(member or "")
            assert content is not None
            assert content.read() == bundle
    assert PRESEED.encode() in loop.read_bytes()[-6 << 20 :], "the preseed is behind it"


def test_a_disk_that_gives_back_another_bundle_is_told_and_has_no_partition_of_it(
    loop: Path, image: Path
) -> None:
    assert flash("--device", loop, "--image", image, "--yes").returncode == 0
    contents = iter((b"written", b"READ IT"))
    addition = Addition("bundle", 7, lambda: iter((next(contents),)))
    with pytest.raises(FirmwareError, match="bundle that was read back is not what was written"):
        add_partitions(str(loop), SIZE, (addition,))
    table = subprocess.run(["sfdisk", "--dump", loop], capture_output=True, text=True, check=True).stdout
    assert "boot-a" in table
    assert "bundle" not in table


@pytest.mark.parametrize("size", [0, 40 << 20])
def test_without_a_bundle_or_room_for_it_the_image_is_flashed_and_it_is_said(
    loop: Path, image: Path, size: int
) -> None:
    if size:
        with image.with_name("small.raucb").open("wb") as file:
            file.truncate(size)
    done = flash("--device", loop, "--image", image, "--yes")
    assert done.returncode == 0, done.stderr
    assert (
        "no room for" in done.stdout if size else "no bundle small.raucb lies beside the image" in done.stdout
    )
    assert "`hactl firmware keep small.raucb`" in done.stdout
    raw = image.with_suffix("").read_bytes()
    assert loop.read_bytes()[: len(raw)] == raw


def test_a_preseed_that_a_node_would_refuse_is_refused_before_anything_is_written(
    loop: Path, image: Path, tmp_path: Path
) -> None:
    preseed = tmp_path / "alpha.toml"
    preseed.write_text(PRESEED.replace("0a:01", "0a:0g"))
    before = loop.read_bytes()
    done = flash("--device", loop, "--image", image, "--preseed", preseed, "--yes")
    assert done.returncode == 1
    assert "node.ports.lan.mac" in done.stderr
    assert loop.read_bytes() == before


def test_nothing_is_written_without_a_yes(loop: Path, image: Path) -> None:
    before = loop.read_bytes()
    done = flash("--device", loop, "--image", image)
    assert done.returncode == 1
    assert "say --yes" in done.stderr
    assert loop.read_bytes() == before


def ask(image: Path, loop: Path, answer: str) -> tuple[int, str]:
    """At a terminal, as a person: exit code, and what was on the screen."""
    command = [sys.executable, "-P", "-m", "firmware", "flash", "--device", str(loop), "--image", str(image)]
    terminal, slave = os.openpty()
    with subprocess.Popen(command, cwd=ROOT, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        screen, answered = "", False
        with contextlib.suppress(OSError):  # How a terminal says that nobody is at its other end.
            while data := os.read(terminal, 4096):
                screen += data.decode()
                if not answered and "to go on: " in screen:
                    os.write(terminal, f"{answer}\n".encode())
                    answered = True
        os.close(terminal)
    return process.returncode, screen


def test_a_person_is_shown_the_disk_and_must_type_its_name(loop: Path, image: Path) -> None:
    before = loop.read_bytes()
    for answer in ("y", "", "/dev/sda"):
        code, screen = ask(image, loop, answer)
        assert code == 1
        assert "nothing was written" in screen
        for word in ("model", "serial", "size", "contains", "no partitions"):
            assert word in screen
    assert loop.read_bytes() == before
    code, screen = ask(image, loop, str(loop))
    assert (code, "verifying" in screen) == (0, True)


def test_a_disk_that_gives_back_something_else_is_told(loop: Path, image: Path) -> None:
    assert flash("--device", loop, "--image", image, "--yes").returncode == 0
    wanted = parse_block_map(image.with_name("small.img.bmap").read_text(), "small.img.bmap")
    disk = os.open(loop, os.O_RDWR)
    try:
        os.pwrite(disk, b"\xee", 9 << 20)
        os.fsync(disk)
        with pytest.raises(FirmwareError, match="the device is defective"):
            verify(wanted, disk)
    finally:
        os.close(disk)


def test_a_mounted_disk_is_refused(loop: Path, image: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", loop], check=True)
    subprocess.run(["mount", loop, place], check=True)
    try:
        done = flash("--device", loop, "--image", image, "--yes")
    finally:
        subprocess.run(["umount", place], check=True)
    assert done.returncode == 1
    assert f"is mounted on {place}" in done.stderr
    assert "Traceback" not in done.stderr


def changed(image: Path) -> None:
    """Another image than that of the block map."""
    content = bytearray(image.with_suffix("").read_bytes())
    content[9 << 20] ^= 1
    image.with_suffix("").write_bytes(content)
    subprocess.run(["zstd", "-q", "-f", str(image.with_suffix(""))], check=True)


def shortened(image: Path) -> None:
    """A copy that broke off."""
    os.truncate(image, image.stat().st_size - 40)


def short_of_zeros(image: Path) -> None:
    """What the block map names is there; the zeros at the end are not."""
    os.truncate(image.with_suffix(""), 13 << 20)
    subprocess.run(["zstd", "-q", "-f", str(image.with_suffix(""))], check=True)


def unpacked(image: Path) -> None:
    """A raw image under the name of a compressed one."""
    image.write_bytes(image.with_suffix("").read_bytes())


def empty(image: Path) -> None:
    image.write_bytes(b"")


@pytest.mark.parametrize("damage", [changed, shortened, short_of_zeros, unpacked, empty])
def test_a_damaged_image_is_told_before_anything_is_erased(
    damage: Callable[[Path], None], loop: Path, image: Path
) -> None:
    damage(image)
    before = loop.read_bytes()
    done = flash("--device", loop, "--image", image, "--yes")
    assert done.returncode == 1
    assert "the image is damaged" in done.stderr
    assert "nothing was written" in done.stderr
    assert loop.read_bytes() == before


def test_an_image_that_changes_while_it_is_written_leaves_a_disk_that_does_not_boot(
    loop: Path, image: Path
) -> None:
    blocks = parse_block_map(image.with_name("small.img.bmap").read_text(), "small.img.bmap")
    changed(image)
    disk = os.open(loop, os.O_RDWR)
    try:
        with pytest.raises(FirmwareError, match="half-written and does not boot"):
            write_image(image, blocks, disk)
    finally:
        os.close(disk)
    assert b"EFI PART" not in loop.read_bytes()[:4096], "the partition table is written last"


@pytest.mark.parametrize(
    "device, said",
    [("/dev/null", "is no disk"), ("/dev/nonsense", "is not there"), ("", "no disk is named")],
)
def test_what_is_no_disk_is_refused(image: Path, device: str, said: str) -> None:
    done = (
        flash("--device", device, "--image", image, "--yes") if device else flash("--image", image, "--yes")
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_too_small_is_refused(loop: Path, image: Path) -> None:
    big = image.with_name("small.img.bmap")
    raw = image.with_suffix("")
    with raw.open("r+b") as file:
        file.truncate(SIZE)
    big.write_text(block_map(raw))
    done = flash("--device", loop, "--image", image, "--yes")
    assert done.returncode == 1
    assert "are needed" in done.stderr
