"""The QEMU command line of one node. Pure: a `MachineSpec` in, a list of arguments out.

Devices carry the names that the rest of the lab uses: a NIC's device id is the port's name, so that
QMP's `set_link` pulls that cable. The guest sees the carrier go only when the *device* is named, not its
network backend.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

EMULATED_PROCESSOR = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt"
"""Boots with a fifth less work than `max` (69 against 87 processor-seconds to `active`), because
`max` makes the guest choose AVX code and protections that are cheap in hardware and dear in emulation."""


LINK_SPEED = 1000
"""Mbit/s that the cards tell; they are as fast as they are."""


class Firmware(StrEnum):
    """What starts the boot loader."""

    BIOS = "bios"
    UEFI = "uefi"


class Accelerator(StrEnum):
    """Who executes the guest's instructions."""

    TCG = "tcg"
    KVM = "kvm"


class DiskBus(StrEnum):
    """How a disk is attached."""

    VIRTIO = "virtio"
    SATA = "sata"
    USB = "usb"


class StickBus(StrEnum):
    """How the preseed medium is attached."""

    VIRTIO = "virtio"
    """A virtual drive: fast, and there as soon as the kernel looks."""
    USB = "usb"
    """A stick: appears late, as on real hardware."""


@dataclass(frozen=True, slots=True)
class Nic:
    """One end of a cable: frames go as datagrams from the `local` socket to the `remote` one."""

    port: str
    mac: str
    local: Path
    remote: Path
    slot: int | None = None
    """The PCIe slot that the card is in, so that it can be pulled out of a running machine; None: on the
    board."""


@dataclass(frozen=True, slots=True)
class Stick:
    """The preseed medium."""

    image: Path
    bus: StickBus = StickBus.VIRTIO
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class SecondDisk:
    """One that is not booted from unless the first cannot be."""

    image: Path
    """qcow2."""
    bus: DiskBus


@dataclass(frozen=True, slots=True)
class UefiFirmware:
    """Code shared by all machines, and this machine's own variables."""

    code: Path
    variables: Path
    """A qcow2 overlay, so that a snapshot can hold it."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """The Unix sockets on which QEMU listens for us."""

    qmp: Path
    serial: Path
    """ttyS0: the console a technician would see."""
    console: Path
    """hvc0: the console that the lab types into."""
    vnc: Path


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """Everything about one virtual appliance."""

    name: str
    disk: Path
    nics: tuple[Nic, ...]
    sockets: Sockets
    serial_log: Path
    console_log: Path
    disk_bus: DiskBus = DiskBus.VIRTIO
    second: SecondDisk | None = None
    stick: Stick | None = None
    uefi: UefiFirmware | None = None
    """None: BIOS."""
    accelerator: Accelerator = Accelerator.TCG
    memory_mib: int = 768
    extra: tuple[str, ...] = ()
    """Arguments for experiments, appended as they are."""
    recording: Path | None = None
    """An empty file that gets every write to the disk, in the format of dm-log-writes. Only for virtio."""


def qemu_arguments(spec: MachineSpec) -> list[str]:
    """The arguments after the program's name.

    The guest's processor stands still at first (`-S`): cables that are pulled are pulled before it looks.
    """
    return [
        *_machine(spec),
        *_firmware(spec.uefi),
        *_usb(spec),
        *_disk(spec),
        *_stick(spec.stick),
        *(argument for nic in spec.nics for argument in _nic(nic)),
        *_consoles(spec),
        *("-device", "virtio-rng-pci"),
        *("-device", "i6300esb", "-action", "watchdog=reset"),
        *("-qmp", f"unix:{escaped(spec.sockets.qmp)},server=on,wait=off"),
        *spec.extra,
    ]


def escaped(value: Path) -> str:
    """A path inside a QEMU option, where a comma would end the value."""
    return str(value).replace(",", ",,")


def _machine(spec: MachineSpec) -> Iterable[str]:
    accelerator, cpu = "tcg,thread=multi", EMULATED_PROCESSOR
    if spec.accelerator is Accelerator.KVM:
        accelerator, cpu = "kvm", "host"
    yield from ("-name", f"{spec.name},process=hotspare-{spec.name}", "-S", "-nodefaults", "-no-user-config")
    yield from (
        "-machine",
        "q35",
        "-accel",
        accelerator,
        "-cpu",
        cpu,
        "-smp",
        "1",
        "-m",
        f"{spec.memory_mib}",
    )
    yield from ("-display", "none", "-vga", "std", "-vnc", f"unix:{escaped(spec.sockets.vnc)}")


def _firmware(uefi: UefiFirmware | None) -> Iterable[str]:
    if uefi:
        code = f"if=pflash,unit=0,format=raw,readonly=on,file={escaped(uefi.code)}"
        variables = f"if=pflash,unit=1,format=qcow2,file={escaped(uefi.variables)}"
        yield from ("-drive", code, "-drive", variables)


_DISK_DEVICES = {
    DiskBus.VIRTIO: "virtio-blk-pci",
    DiskBus.SATA: "ide-hd",
    DiskBus.USB: "usb-storage,removable=on",
}


def _usb(spec: MachineSpec) -> Iterable[str]:
    buses = {spec.disk_bus, spec.second.bus if spec.second else None, spec.stick.bus if spec.stick else None}
    if {DiskBus.USB, StickBus.USB} & buses:
        yield from ("-device", "qemu-xhci")


def _disk(spec: MachineSpec) -> Iterable[str]:
    if spec.second:
        device = _DISK_DEVICES[spec.second.bus]
        yield from _drive("second", spec.second.image, "qcow2", device, boot_index=3)
    if spec.recording is None:
        yield from _drive("disk", spec.disk, "qcow2", _DISK_DEVICES[spec.disk_bus], boot_index=1)
        return
    disk = f"file.driver=qcow2,file.file.driver=file,file.file.filename={escaped(spec.disk)}"
    log = f"log.driver=file,log.filename={escaped(spec.recording)}"
    options = "if=none,id=disk,driver=blklogwrites,cache=writeback,discard=unmap"
    yield from ("-drive", f"{options},{disk},{log}")
    # Before QEMU 8.2 an order to write zeroes spoils the recording when another one comes meanwhile: the
    # guest is not offered it. Orders that it has merged may have too many parts for its recorder: they fail.
    yield from ("-device", "virtio-blk-pci,drive=disk,bootindex=1,write-zeroes=off,request-merging=off")


def _drive(
    name: str, image: Path, image_format: str, device: str, boot_index: int, read_only: bool = False
) -> Iterable[str]:
    readonly = ",readonly=on" if read_only else ""
    # The write-back cache is the host's memory. A killed QEMU loses what the guest had not flushed into newly
    # allocated clusters, as a disk does when its power fails.
    options = f"if=none,id={name},format={image_format},cache=writeback,discard=unmap{readonly}"
    yield from ("-drive", f"{options},file={escaped(image)}")
    yield from ("-device", f"{device},drive={name},bootindex={boot_index}")


def _stick(stick: Stick | None) -> Iterable[str]:
    if stick is None:
        return
    device = "virtio-blk-pci"
    if stick.bus is StickBus.USB:
        device = _DISK_DEVICES[DiskBus.USB]
    yield from _drive("stick", stick.image, "qcow2", device, boot_index=2, read_only=stick.read_only)


def _nic(nic: Nic) -> Iterable[str]:
    ends = (
        f"local.type=unix,local.path={escaped(nic.local)},remote.type=unix,remote.path={escaped(nic.remote)}"
    )
    yield from ("-netdev", f"dgram,id=net-{nic.port},{ends}")
    if nic.slot is not None:
        yield from ("-device", f"pcie-root-port,id={slot_of(nic)},chassis={nic.slot},slot={nic.slot}")
    card = nic_device(nic)
    yield from ("-device", ",".join([str(card.pop("driver")), *(f"{key}={card[key]}" for key in card)]))


def nic_device(nic: Nic) -> dict[str, str | int]:
    """The card itself, for the command line and for `device_add`."""
    card: dict[str, str | int] = {
        "driver": "virtio-net-pci",
        "id": nic.port,
        "netdev": f"net-{nic.port}",
        "mac": nic.mac,
        # A card of unknown speed takes no part in LACP.
        "speed": LINK_SPEED,
        "duplex": "full",
        # No option ROM: nothing is booted from the network, and loading it takes time.
        "romfile": "",
        # The card would drop VLANs that it was not told of, and QEMU forgets in a snapshot what it was told.
        "ctrl_vlan": "off",
    }
    return card | ({"bus": slot_of(nic)} if nic.slot is not None else {})


def slot_of(nic: Nic) -> str:
    """The name of the slot that a card is in."""
    return f"slot-{nic.port}"


def _consoles(spec: MachineSpec) -> Iterable[str]:
    yield from _console_socket("serial", spec.sockets.serial, spec.serial_log)
    yield from ("-serial", "chardev:serial")
    yield from _console_socket("console", spec.sockets.console, spec.console_log)
    yield from ("-device", "virtio-serial-pci", "-device", "virtconsole,chardev=console")


def _console_socket(name: str, socket: Path, log: Path) -> Iterable[str]:
    yield "-chardev"
    yield (f"socket,id={name},path={escaped(socket)},server=on,wait=off,logfile={escaped(log)},logappend=on")
