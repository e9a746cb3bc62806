"""The disks of this machine, and which of them may be written to."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.errors import FirmwareError

_COLUMNS = "PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RO,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS"
_DISKS = ("disk", "loop")
_HOLDERS = ("part", "disk", "loop")
"""Everything else on top of a disk (LVM, RAID, encryption, multipath) has it in use."""
_SYSTEM = ("/", "/boot", "/boot/efi", "/home", "/usr", "/var", "[SWAP]")
"""Whatever is mounted there belongs to the system that runs."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition, or whatever else is on a disk."""

    path: str
    kind: str
    """As lsblk has it: part, lvm, crypt, raid1, …"""
    size: int
    """Bytes."""
    content: str
    """File system and label; empty: unknown."""
    mounted: tuple[str, ...]
    """Where; `[SWAP]` too."""


@dataclass(frozen=True, slots=True)
class Device:
    """A whole disk."""

    path: str
    model: str
    serial: str
    bus: str
    size: int
    """Bytes."""
    read_only: bool
    mounted: tuple[str, ...]
    """Where a file system that fills the whole disk is mounted."""
    partitions: tuple[Partition, ...]

    @property
    def of_the_system(self) -> bool:
        """The system that runs here lives on it: nobody ever means this one."""
        places = {*self.mounted, *(place for part in self.partitions for place in part.mounted)}
        return not places.isdisjoint(_SYSTEM)

    @property
    def refusal(self) -> str:
        """Why it must not be written to; empty: it may."""
        used = {self.path: self.mounted} | {part.path: part.mounted for part in self.partitions}
        mounted = [f"{path} is mounted on {', '.join(places)}" for path, places in used.items() if places]
        if mounted:
            return f"it is in use: {'; '.join(mounted)}"
        held = [part for part in self.partitions if part.kind not in _HOLDERS]
        if held:
            return f"it is in use: {held[0].path} ({held[0].kind}) is on it"
        return "it is write-protected" if self.read_only else ""


def find_device(path: Path | None) -> Device:
    """The disk at a path. Raises FirmwareError: none is named, it is none, or only a part of one."""
    if path is None:
        example = "python3 invoke.py flash --device /dev/sdb"
        raise FirmwareError("no disk is named", "--device", f"name it, as in `{example}`; {_choices()}")
    if not path.is_block_device():
        what = "is not there" if not path.exists() else "is no disk"
        raise FirmwareError(f"{path} {what}", "--device", _choices())
    row = _lsblk(str(path))[0]
    if row["type"] not in _DISKS:
        raise FirmwareError(f"{path} is not a whole disk (it is: {row['type']})", "--device", _choices())
    return read_device(row)


def read_device(row: dict[str, Any]) -> Device:
    """From an object of lsblk's JSON."""
    return Device(
        path=row["path"],
        model=(row["model"] or "").strip() or "unknown model",
        serial=row["serial"] or "unknown",
        bus=row["tran"] or row["type"],
        size=int(row["size"]),
        read_only=bool(row["ro"]),
        mounted=_places(row),
        partitions=tuple(
            Partition(
                path=inner["path"],
                kind=inner["type"],
                size=int(inner["size"]),
                content=" ".join(inner[key] for key in ("fstype", "label", "partlabel") if inner[key]),
                mounted=_places(inner),
            )
            for inner in _inside(row)
        ),
    )


def describe(device: Device) -> str:
    """What a person wants to know before it is overwritten."""
    lines = [
        f"device    {device.path} ({device.bus})",
        f"model     {device.model}",
        f"serial    {device.serial}",
        f"size      {device.size / 1e9:.1f} GB",
    ]
    parts = [f"{part.path}  {part.size / 1e9:.1f} GB  {part.content}".rstrip() for part in device.partitions]
    names = ["contains", *[""] * len(parts)]
    lines += [f"{name:10}{part}" for name, part in zip(names, parts or ["no partitions"], strict=False)]
    return "\n".join(lines)


def _places(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(place for place in row["mountpoints"] if place)


def _inside(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in row.get("children", ()):
        yield inner
        yield from _inside(inner)


def _choices() -> str:
    return choices([read_device(row) for row in _lsblk() if row["type"] == "disk" and int(row["size"])])


def choices(disks: Iterable[Device]) -> str:
    """What may be named; the disk that the running system lives on is none of them."""
    told = [
        f"{disk.path} ({disk.model}, {disk.size / 1e9:.1f} GB{f'; {disk.refusal}' if disk.refusal else ''})"
        for disk in disks
        if not disk.of_the_system
    ]
    return f"choose one of: {', '.join(told)}" if told else "plug one in: none is here but the system's own"


def _lsblk(*paths: str) -> list[dict[str, Any]]:
    # Without the column NAME there is no tree unless it is asked for: partitions would be rows of their own.
    command = ["lsblk", "--json", "--tree", "--bytes", "--output", _COLUMNS, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FirmwareError(f"lsblk failed: {done.stderr.strip()}", " ".join(command))
    rows: list[dict[str, Any]] = json.loads(done.stdout)["blockdevices"]
    return rows
