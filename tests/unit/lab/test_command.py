"""The command line that a node's specification becomes."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from firmware.lab.command import (
    EMULATED_PROCESSOR,
    Accelerator,
    DiskBus,
    MachineSpec,
    Nic,
    SecondDisk,
    Sockets,
    Stick,
    StickBus,
    UefiFirmware,
    qemu_arguments,
)

RUN = Path("/run/lab")
CARD = (
    "virtio-net-pci,id=lan,netdev=net-lan,mac=52:54:00:48:0a:01,speed=1000,duplex=full,romfile=,ctrl_vlan=off"
)
SPEC = MachineSpec(
    name="alpha",
    disk=Path("/disks/a,b.qcow2"),
    nics=(
        Nic("lan", "52:54:00:48:0a:01", RUN / "alpha.lan", RUN / "switch.alpha.lan"),
        Nic("hotwire", "52:54:00:48:0a:03", RUN / "alpha.hotwire", RUN / "switch.alpha.hotwire"),
    ),
    sockets=Sockets(RUN / "qmp", RUN / "serial", RUN / "console", RUN / "vnc"),
    serial_log=Path("/logs/serial.log"),
    console_log=Path("/logs/console.log"),
)


def options(spec: MachineSpec, name: str) -> list[str]:
    """Every value of an option."""
    arguments = qemu_arguments(spec)
    return [value for key, value in pairwise(arguments) if key == name]


def test_nothing_comes_from_defaults_or_the_users_configuration() -> None:
    assert {"-nodefaults", "-no-user-config", "-S"} <= set(qemu_arguments(SPEC))
    assert options(SPEC, "-display") == ["none"]


def test_a_nic_is_named_after_its_port_and_mirrors_its_peer() -> None:
    assert options(SPEC, "-netdev")[0] == (
        "dgram,id=net-lan,local.type=unix,local.path=/run/lab/alpha.lan,"
        "remote.type=unix,remote.path=/run/lab/switch.alpha.lan"
    )
    assert CARD in options(SPEC, "-device")


def test_a_card_in_a_slot_can_be_pulled_out() -> None:
    (nic, *others) = SPEC.nics
    devices = options(replace(SPEC, nics=(replace(nic, slot=3), *others)), "-device")
    assert "pcie-root-port,id=slot-lan,chassis=3,slot=3" in devices
    card = f"{CARD},bus=slot-lan"
    assert devices.index(card) > devices.index("pcie-root-port,id=slot-lan,chassis=3,slot=3")
    assert not [device for device in options(SPEC, "-device") if "slot" in device]


def test_a_comma_in_a_path_does_not_end_the_value() -> None:
    (disk,) = options(SPEC, "-drive")
    assert disk.endswith("file=/disks/a,,b.qcow2")


def test_flushes_of_the_guest_reach_the_disk() -> None:
    (disk,) = options(SPEC, "-drive")
    assert "cache=writeback" in disk.split(","), "cache=unsafe would make power cuts meaningless"


def test_emulation_is_multi_threaded_and_virtualization_passes_the_processor_through() -> None:
    assert options(SPEC, "-accel") == ["tcg,thread=multi"]
    assert options(SPEC, "-cpu") == [EMULATED_PROCESSOR]
    virtualized = replace(SPEC, accelerator=Accelerator.KVM)
    assert options(virtualized, "-accel") == ["kvm"]
    assert options(virtualized, "-cpu") == ["host"]


def test_bios_has_no_flash_and_uefi_has_two() -> None:
    assert not [drive for drive in options(SPEC, "-drive") if "pflash" in drive]
    uefi = replace(SPEC, uefi=UefiFirmware(Path("/code.fd"), Path("/vars.qcow2")))
    flash = [drive for drive in options(uefi, "-drive") if "pflash" in drive]
    assert len(flash) == 2
    assert "readonly=on" in flash[0].split(",")
    assert "readonly=on" not in flash[1].split(",")


def test_the_disk_boots_before_the_stick() -> None:
    spec = replace(SPEC, stick=Stick(Path("/stick.qcow2")))
    devices = options(spec, "-device")
    assert "virtio-blk-pci,drive=disk,bootindex=1" in devices
    assert "virtio-blk-pci,drive=stick,bootindex=2" in devices


def test_a_stick_may_be_usb_and_write_protected() -> None:
    spec = replace(SPEC, stick=Stick(Path("/stick.qcow2"), StickBus.USB, read_only=True))
    assert "qemu-xhci" in options(spec, "-device")
    assert "usb-storage,removable=on,drive=stick,bootindex=2" in options(spec, "-device")
    assert "readonly=on" in options(spec, "-drive")[1].split(",")


def test_both_consoles_are_logged_without_a_listener() -> None:
    serial, console = options(SPEC, "-chardev")
    assert "logfile=/logs/serial.log" in serial
    assert "logfile=/logs/console.log" in console
    assert "wait=off" in serial.split(",")


def test_a_dead_guest_is_reset_by_its_watchdog() -> None:
    assert "i6300esb" in options(SPEC, "-device")
    assert options(SPEC, "-action") == ["watchdog=reset"]


def test_extra_arguments_come_last() -> None:
    assert qemu_arguments(replace(SPEC, extra=("-kernel", "x")))[-2:] == ["-kernel", "x"]


def test_of_two_disks_the_first_is_booted_wherever_it_is_attached() -> None:
    second = SecondDisk(Path("/disks/sata.qcow2"), DiskBus.SATA)
    stick = Stick(Path("/disks/stick.qcow2"), StickBus.USB)
    devices = options(replace(SPEC, disk_bus=DiskBus.USB, second=second, stick=stick), "-device")
    assert devices.count("qemu-xhci") == 1
    assert "usb-storage,removable=on,drive=disk,bootindex=1" in devices
    assert "ide-hd,drive=second,bootindex=3" in devices
