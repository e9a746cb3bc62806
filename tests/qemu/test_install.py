"""An installation from a stick onto the disk of the box, and which of two disks a box runs from."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firmware.lab.command import DiskBus, Firmware, MachineSpec, SecondDisk
from firmware.lab.deadline import Deadline
from firmware.lab.disk import create_overlay
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR
from tests.lab.disks import create_blank
from tests.lab.person import Person

from .conftest import Labs

pytestmark = pytest.mark.nightly

BOOT_SECONDS = 300.0
INSTALL_SECONDS = 600.0
STEP_SECONDS = 120.0
INTERNAL, STICK = "sata", "usb"
"""Where the disks are, as the box says: both are of one model."""


class Box:
    """An appliance with a blank SATA disk, and a stick that was flashed."""

    def __init__(self, lab: Lab) -> None:
        self.node: Node = lab.node("alpha")
        self._spec: MachineSpec = self.node.spec
        self.internal = self._spec.disk.with_name("internal.qcow2")
        create_blank(self.internal, "4G")

    def start(self, first: str, second: str = "", preseed: bool = False) -> None:
        """Switches it on, with these disks in it. A preseed is used up by its box: each is a fresh one."""
        if preseed and (stick := self._spec.stick) is not None:
            create_overlay(stick.image.with_suffix(".img"), "raw", stick.image)
        disks = {
            INTERNAL: SecondDisk(self.internal, DiskBus.SATA),
            STICK: SecondDisk(self._spec.disk, DiskBus.USB),
        }
        self.node.spec = replace(
            self._spec,
            disk=disks[first].image,
            disk_bus=disks[first].bus,
            second=disks.get(second),
            stick=self._spec.stick if preseed else None,
            extra=() if STICK in (first, second) else ("-device", "qemu-xhci"),
        )
        self.node.power_on()

    def plug_in(self, bus: str) -> None:
        """While it runs. It must have been started with a USB controller."""
        qmp = self.node.machine.qmp
        disk = {INTERNAL: self.internal, STICK: self._spec.disk}[bus]
        file = {"driver": "file", "filename": str(disk)}
        qmp.execute("blockdev-add", **{"driver": "qcow2", "node-name": "late", "file": file})
        qmp.execute("device_add", driver="usb-storage", drive="late", id="late-disk")
        self.node.wait_until(f"lsblk -no TRAN | grep {bus} && udevadm settle", STEP_SECONDS)

    def typist(self) -> Person:
        return Person(f"unix://{self.node.spec.sockets.serial}")

    def disks(self) -> dict[str, dict[str, Any]]:
        """By bus: what `hactl` says of them."""
        listed = json.loads(self.node.run("hactl install-to-disk --json").output)["disks"]
        return {disk["bus"]: disk for disk in listed}

    def run(self, command: str) -> str:
        return self.node.run(command, root=True, seconds=STEP_SECONDS).output.strip()

    def holds_to(self, bus: str, first_start: bool = False) -> None:
        """Everything that it uses is on this disk, whatever the labels say. A disk's first start gives it a
        number of its own: what GRUB named was that of the image."""
        name = self.disks()[bus]["path"]
        assert self.disks()[bus]["refusal"] == "the box runs from it"
        assert self.run("findmnt -no SOURCE /data") == f"{name}7"
        assert self.run("ls /boot/efi/grub/grubenv && findmnt -no SOURCE -t vfat /boot/efi").endswith(
            f"{name}2"
        )
        root = self.run("lsblk -lsno PATH /dev/mapper/hotspare-root").split()
        assert name in root
        esp = self.run("blkid -p -o value -s UUID /run/hotspare/disk/esp")
        assert (f"hotspare.esp={esp}" in self.run("cat /proc/cmdline").split()) != first_start


@pytest.fixture
def box(labs: Labs, image: Path, request: pytest.FixtureRequest) -> Iterator[Box]:
    lab = labs.make(STANDARD_PAIR.only("alpha"), LabOptions(image, NodeOptions(firmware=request.param)))
    yield Box(lab)
    lab.close()


def shown_disks(typist: Person) -> str:
    """What the menu of a box that is not configured says of its disks."""
    typist.answer({"language": "1", "start": "install-to-disk"}, "start", BOOT_SECONDS)
    assert typist.question(STEP_SECONDS) == "install-disk"
    return typist.news


@pytest.mark.parametrize("box", [Firmware.BIOS], indirect=True)
def test_a_technician_installs_from_the_menu_and_pulls_the_stick_out(box: Box) -> None:
    node = box.node
    box.start(STICK, INTERNAL)
    typist = box.typist()
    try:
        disks = shown_disks(typist)
        assert re.search(r"^  1  /dev/\w+  QEMU HARDDISK, 4.3 GB, sata\r*$", disks, re.MULTILINE)
        path = next(line.split()[1] for line in disks.splitlines() if line.strip().startswith("1  /dev/"))
        typist.type("1")
        typist.wait_for("to go on: ", STEP_SECONDS)
        assert "are not copied" in typist.news
        typist.type("nonsense")
        typist.wait_for("nothing was written", STEP_SECONDS)
        typist.answer({"start": "install-to-disk", "install-disk": "1"}, "install-disk", STEP_SECONDS)
        typist.wait_for("to go on: ", STEP_SECONDS)
        typist.type(path)
        assert typist.question(INSTALL_SECONDS) == "installed"
        assert "and verified; it is not configured" in typist.news
        typist.type("power-off")
    finally:
        typist.close()  # A line that nobody reads blocks the box that writes to it.
    node.machine.wait_for_exit(Deadline(STEP_SECONDS))

    # The stick was forgotten in the box.
    box.start(INTERNAL, STICK)
    typist = box.typist()
    try:
        refused, _, possible = shown_disks(typist).partition("On which disk?")
        assert "QEMU HARDDISK, 4.3 GB, sata: the box runs from it" in " ".join(refused.split())
        assert "QEMU HARDDISK, 4.3 GB, usb" in possible
    finally:
        typist.close()
    node.power_off()

    box.start(INTERNAL, preseed=True)
    node.wait_for_state("active", BOOT_SECONDS)
    box.holds_to(INTERNAL)
    node.wait_until("sudo grub-editenv /boot/efi/grub/grubenv list | grep B_OK=1", INSTALL_SECONDS)
    assert float(box.run("df --output=size -B1 /data | tail -1")) > 2e9, "it has grown"
    status = json.loads(box.run("hactl firmware status --json"))
    assert [(slot["slot"], slot["good"]) for slot in status["slots"]] == [("A", True), ("B", True)]
    assert box.run("ls /data/rauc/slot.*/hash-*/block-hash-index | wc -l") == "4", "RAUC has kept them"
    assert box.run("systemctl --failed --no-legend") == ""

    # A node that was flashed earlier keeps its GRUB, which names no disk.
    box.run("sed -i 's/ hotspare.esp=$esp//' /boot/efi/grub/grub.cfg && sync")
    node.shutdown()
    node.power_on()
    node.wait_for_state("active", BOOT_SECONDS)
    assert "hotspare.esp" not in box.run("cat /proc/cmdline")
    assert box.run("findmnt -no SOURCE /data") == f"{box.disks()[INTERNAL]['path']}7"


@pytest.mark.parametrize("box", [Firmware.UEFI], indirect=True)
def test_a_configured_stick_installs_a_fresh_box_and_each_keeps_its_own_data(box: Box) -> None:
    node = box.node
    box.start(STICK, INTERNAL, preseed=True)
    node.wait_for_state("active", BOOT_SECONDS)
    box.holds_to(STICK, first_start=True)
    disks = box.disks()
    own, target = disks[STICK]["path"], disks[INTERNAL]["path"]
    assert disks[INTERNAL]["refusal"] == ""
    on_it = [part["path"] for part in disks[STICK]["partitions"]]
    assert on_it == [f"{own}{number}" for number in (1, 2, 3, 4)] + ["/dev/mapper/hotspare-root"] + [
        f"{own}{number}" for number in (5, 6, 7)
    ]
    refused = node.run(f"hactl install-to-disk {own} --yes", root=True, check=False)
    assert (refused.status, "the box runs from it" in refused.output) == (1, True)
    refused = node.run(f"hactl install-to-disk {target} --yes", check=False)
    assert (refused.status, "be root" in refused.output) == (4, True)
    machine_id = box.run("cat /etc/machine-id")
    told = node.run(f"hactl install-to-disk {Path(target).name} --yes", root=True, seconds=INSTALL_SECONDS)
    assert f"is on {target}, and verified; it is not configured" in told.output
    node.shutdown()

    box.start(INTERNAL, STICK)
    typist = box.typist()
    try:
        assert "the box runs from it" in shown_disks(typist), "it is not configured, whatever the stick is"
    finally:
        typist.close()
    node.power_off()

    box.start(STICK, INTERNAL)
    node.wait_for_state("active", BOOT_SECONDS)
    box.holds_to(STICK)
    assert box.run("cat /etc/machine-id") == machine_id
    node.shutdown()

    box.start(INTERNAL, preseed=True)
    node.wait_for_state("active", BOOT_SECONDS)
    box.holds_to(INTERNAL)
    assert box.run("cat /etc/machine-id") != machine_id
    box.plug_in(STICK)
    box.holds_to(INTERNAL)
    assert box.disks()[STICK]["refusal"] == ""
    assert box.run("rauc status --output-format=json >/dev/null && hactl firmware mark-good") != ""


@pytest.mark.parametrize("box", [Firmware.BIOS], indirect=True)
def test_copies_of_a_disk_are_told(box: Box, image: Path) -> None:
    """Nobody can tell which one was meant: both were written by `dd`, and never started."""
    create_overlay(image, "raw", box.internal, "4G")
    box.node.spec = replace(box.node.spec, stick=None, second=SecondDisk(box.internal, DiskBus.VIRTIO))
    box.node.power_on()
    typist = box.typist()
    try:
        typist.answer({"language": "1"}, "language", BOOT_SECONDS)
        assert typist.question(STEP_SECONDS) == "start"
        assert "disks are copies of each other (/dev/" in " ".join(typist.news.split())
    finally:
        typist.close()
