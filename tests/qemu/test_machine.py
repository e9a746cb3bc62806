"""The machinery of the lab with a QEMU that boots nothing: it starts, obeys and leaves nothing behind."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.build.disk import PARTITIONS
from firmware.lab.capability import uefi_firmware
from firmware.lab.command import Firmware, StickBus
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.disk import create_overlay
from firmware.lab.errors import LabError, MachineError
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.machine import LOAD_SECONDS
from firmware.lab.preseed import hash_password
from firmware.lab.snapshot import MEMORY, Snapshot, Store
from firmware.lab.topology import STANDARD_PAIR
from tests.lab.disks import corrupt, partition, partitions

from .traces import traces

SMALL = 256


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    """A disk with nothing on it."""
    disk = tmp_path / "blank.img"
    disk.write_bytes(bytes(1 << 20))
    return disk


@pytest.fixture
def dark_pair(labs, blank: Path) -> Iterator[Lab]:
    lab = labs.make(STANDARD_PAIR, LabOptions(blank, memory_mib=SMALL, disk_size="8M"))
    yield lab
    lab.close()


def test_a_lab_leaves_no_process_socket_or_file(blank: Path) -> None:
    with Lab(STANDARD_PAIR, LabOptions(blank, memory_mib=SMALL, disk_size="8M")) as lab:
        for node in lab.nodes.values():
            node.power_on()
        pids = [node.machine.pid for node in lab.nodes.values()]
        sockets = lab.node("alpha").spec.sockets.qmp.parent
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        assert lab.folder.exists()
        assert any(sockets.iterdir())
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not lab.folder.exists()
    assert not sockets.exists()


def test_a_lab_that_cannot_be_built_leaves_nothing(tmp_path: Path) -> None:
    before = traces(os.getpid())
    with pytest.raises(LabError, match="the image is missing"):
        Lab(STANDARD_PAIR, LabOptions(tmp_path / "no.img"))
    assert traces(os.getpid()) <= before


def test_a_kept_lab_leaves_its_disks(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not where other tests look for what labs have left behind.
    monkeypatch.setattr("firmware.lab.lab.FOLDER", tmp_path / "labs")
    with Lab(STANDARD_PAIR, LabOptions(blank, memory_mib=SMALL, disk_size="8M", keep=True)) as lab:
        pass
    kept = lab.folder
    assert (kept / "alpha" / "disk.qcow2").exists()
    shutil.rmtree(kept)


def test_power_can_be_cut_and_restored(dark_pair: Lab) -> None:
    alpha = dark_pair.node("alpha")
    alpha.power_on()
    with pytest.raises(LabError, match="on already"):
        alpha.power_on()
    first = alpha.machine.pid
    alpha.power_off()
    assert not alpha.running
    alpha.power_off()
    with pytest.raises(LabError, match="the node is off"):
        alpha.reset()
    alpha.power_on()
    assert alpha.machine.pid != first


def test_a_cut_network_is_remembered_over_a_power_cut(dark_pair: Lab) -> None:
    alpha, beta = dark_pair.node("alpha"), dark_pair.node("beta")
    alpha.power_on()
    dark_pair.cut("hotwire")
    alpha.power_off()
    alpha.power_on()
    assert alpha.pulled == beta.pulled == {"hotwire"}
    dark_pair.heal("hotwire")
    assert alpha.pulled == beta.pulled == frozenset()


def test_a_node_and_a_port_that_do_not_exist_are_refused(dark_pair: Lab) -> None:
    with pytest.raises(LabError, match="no node 'gamma'"):
        dark_pair.node("gamma")
    with pytest.raises(LabError, match="no port 'dmz'"):
        dark_pair.node("alpha").pull("dmz")
    with pytest.raises(LabError, match="no network 'dmz'"):
        dark_pair.cut("dmz")
    with pytest.raises(LabError, match="direct cable"):
        dark_pair.switch("hotwire")


def test_qemu_that_refuses_its_arguments_says_why(labs, blank: Path) -> None:
    lab = labs.make(STANDARD_PAIR, LabOptions(blank, extra=("-device", "flux-capacitor")))
    try:
        with pytest.raises(MachineError, match="flux-capacitor"):
            lab.node("alpha").power_on()
        assert not lab.node("alpha").running
    finally:
        lab.close()


@pytest.fixture
def saved(labs, blank: Path, tmp_path: Path) -> Snapshot:
    """A pair that boots nothing, as it was when it was saved: alpha by BIOS, beta by UEFI."""
    with labs.make(STANDARD_PAIR, dark_options(blank)) as lab:
        for node in lab.nodes.values():
            node.power_on()
        lab.save()
        assert not any(node.running for node in lab.nodes.values())
        # On the file system of the labs, whose files it is linked to.
        return Store(lab.folder.with_name("run-saved"), print).keep("saved", lab.folder, lab.secrets)


def dark_options(blank: Path, memory_mib: int = SMALL) -> LabOptions:
    uefi = NodeOptions(Firmware.UEFI, StickBus.USB, stick_read_only=True, slots=True)
    return LabOptions(blank, special={"beta": uefi}, memory_mib=memory_mib, disk_size="8M")


@pytest.fixture
def put_away(saved: Snapshot) -> Iterator[None]:
    """It is gone afterwards."""
    yield
    shutil.rmtree(saved.folder.parent)


@pytest.mark.usefixtures("put_away")
def test_what_was_saved_goes_on_in_as_many_labs_as_you_like(labs, blank: Path, saved: Snapshot) -> None:
    with labs.make(STANDARD_PAIR, dark_options(blank), saved) as one:
        with labs.make(STANDARD_PAIR, dark_options(blank), saved) as other:
            for lab in (one, other):
                lab.wake()
                assert lab.admin_password == saved.secrets.admin_password
                for node in lab.nodes.values():
                    assert node.machine.qmp.execute("query-status")["status"] == "running"
        # What goes on can be saved again, and is independent of where it began.
        one.save()
        again = Store(saved.folder.parent, print).keep("again", one.folder, one.secrets)
    shutil.rmtree(saved.folder)
    with labs.make(STANDARD_PAIR, dark_options(blank), again) as later:
        later.wake()
        shutil.rmtree(again.folder)
        later.node("beta").power_off()
        later.node("beta").power_on()


def test_nodes_that_cannot_be_saved_run_on(
    labs, blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them is written already when it turns out."""
    zstd = tmp_path / "bin/zstd"
    zstd.parent.mkdir()
    zstd.write_text(f'#!/bin/sh\ncase "$*" in *beta*) exit 1; esac\nexec {shutil.which("zstd")} "$@"\n')
    zstd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{zstd.parent}:{os.environ['PATH']}")
    with labs.make(STANDARD_PAIR, dark_options(blank)) as lab:
        for node in lab.nodes.values():
            node.power_on()
        with pytest.raises(MachineError, match="it could not be written"):
            lab.save()
        for node in lab.nodes.values():
            assert node.machine.qmp.execute("query-status")["status"] == "running"


@pytest.mark.usefixtures("put_away")
@pytest.mark.parametrize("damage", ["cut", "changed", "of another machine"])
def test_what_qemu_cannot_read_is_told_at_once(labs, blank: Path, saved: Snapshot, damage: str) -> None:
    memory = saved.folder / "beta" / MEMORY
    content = bytearray(memory.read_bytes())
    if damage == "cut":
        memory.write_bytes(content[:-1000])
    elif damage == "changed":
        content[len(content) // 2] ^= 0xFF
        memory.write_bytes(content)
    memory_mib = SMALL // 2 if damage == "of another machine" else SMALL
    with labs.make(STANDARD_PAIR, dark_options(blank, memory_mib), saved) as lab:
        begun = time.monotonic()
        with pytest.raises(MachineError, match="it cannot be read"):
            lab.wake()
        assert time.monotonic() - begun < LOAD_SECONDS


def test_qemu_dies_with_the_lab(labs, blank: Path, tmp_path: Path) -> None:
    """A lab that is killed cannot clean up; the kernel ends its machines all the same."""
    pid_file = tmp_path / "pid"
    child = os.fork()
    if child == 0:
        lab = Lab(STANDARD_PAIR.only("alpha"), LabOptions(blank, memory_mib=SMALL, disk_size="8M"))
        lab.node("alpha").power_on()
        sockets = lab.node("alpha").spec.sockets.qmp.parent
        pid_file.with_suffix(".new").write_text(f"{lab.node('alpha').machine.pid} {lab.folder} {sockets}")
        pid_file.with_suffix(".new").rename(pid_file)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    pid, folder, sockets = pid_file.read_text().split()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), Deadline(10), "the end of QEMU")
    for left in (folder, sockets):  # Unless a lab beside this one has swept it away already.
        shutil.rmtree(left, ignore_errors=True)
        assert not Path(left).exists()


def test_the_image_has_the_documented_partitions(image: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.qcow2"
    create_overlay(image, "raw", disk, "4G")
    assert [found.label for found in partitions(disk)] == [part.label for part in PARTITIONS]
    assert partition(disk, "root-a").size == 512 << 20
    with pytest.raises(LabError, match="no partition 'root-c'"):
        partition(disk, "root-c")


def test_damage_stays_in_the_overlay(image: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.qcow2"
    create_overlay(image, "raw", disk)
    start = partition(disk, "root-a").offset
    with image.open("rb") as stream:
        stream.seek(start)
        before = stream.read(512)
        corrupt(disk, "root-a", 0, 512)
        stream.seek(start)
        assert stream.read(512) == before
    assert before != b"\xff" * 512


def test_a_disk_without_partitions_is_told(blank: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk.qcow2"
    create_overlay(blank, "raw", disk)
    with pytest.raises(LabError, match="no GPT"):
        partitions(disk)


def test_the_uefi_firmware_is_found() -> None:
    code, variables = uefi_firmware()
    assert code.stat().st_size > variables.stat().st_size > 0


def test_passwords_are_hashed_for_crypt_with_a_random_salt() -> None:
    hashed = hash_password("secret")
    assert re.fullmatch(r"\$6\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{86}", hashed)
    assert hashed != hash_password("secret")
