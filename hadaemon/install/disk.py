"""The disks of this box, read from lsblk's JSON, and which of them may be overwritten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS = "PATH,TYPE,SIZE,LOG-SEC,MODEL,SERIAL,TRAN,RO,FSTYPE,LABEL,PARTLABEL,MOUNTPOINTS"
"""What lsblk is asked for, beside `--bytes --json`."""
SECTOR = 512
"""Bytes: of the partition table that every image has."""
_DISKS = ("disk", "loop")
_HOLDERS = ("part", "disk", "loop")
"""Everything else on top of a disk (device mapper, RAID, LVM, encryption) has it in use."""
_MEMORY = ("/dev/zram", "/dev/ram")
"""No disks, although lsblk says so."""


@dataclass(frozen=True, slots=True)
class Part:
    """A partition, or whatever else is on a disk."""

    path: str
    kind: str
    """As lsblk has it: part, lvm, crypt, raid1, …"""
    size: int
    """Bytes."""
    content: str
    """File system and labels; empty: unknown."""
    mounted: tuple[str, ...]
    """Where; `[SWAP]` too."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A whole disk."""

    path: str
    model: str
    serial: str
    bus: str
    size: int
    """Bytes."""
    sector: int
    """Bytes."""
    read_only: bool
    own: bool
    """The box runs from it."""
    mounted: tuple[str, ...]
    """Where a file system that fills the whole disk is mounted."""
    content: str
    """Of the whole disk, when it is not divided."""
    parts: tuple[Part, ...]

    def refusal(self, needed: int) -> str:
        """Why it must not be overwritten; empty: it may. `needed`: bytes."""
        if self.own:
            return "the box runs from it"
        used = {self.path: self.mounted} | {part.path: part.mounted for part in self.parts}
        mounted = [f"{path} is mounted on {', '.join(places)}" for path, places in used.items() if places]
        if mounted:
            return f"it is in use: {'; '.join(mounted)}"
        held = [part for part in self.parts if part.kind not in _HOLDERS]
        if held:
            return f"it is in use: {held[0].path} ({held[0].kind}) is on it"
        if self.read_only:
            return "it is write-protected"
        if self.sector != SECTOR:
            return f"its sectors have {self.sector} bytes, and {SECTOR} are needed"
        if self.size < needed:
            return f"it has {gigabytes(self.size)}, and {gigabytes(needed)} are needed"
        return ""


def read_disks(rows: Sequence[dict[str, Any]], own: str) -> tuple[Disk, ...]:
    """All that are there, in lsblk's order.

    Args:
        rows: the `blockdevices` of lsblk's JSON.
        own: path of the disk that the box runs from.
    """
    return tuple(
        _disk(row, own)
        for row in rows
        if row["type"] in _DISKS and int(row["size"]) and not row["path"].startswith(_MEMORY)
    )


def describe(disk: Disk) -> Iterator[str]:
    """What a person wants to know before it is overwritten."""
    yield f"disk      {disk.path} ({disk.bus})"
    yield f"model     {disk.model}"
    yield f"serial    {disk.serial}"
    yield f"size      {gigabytes(disk.size)}"
    parts = [f"{part.path}  {gigabytes(part.size)}  {part.content}".rstrip() for part in disk.parts]
    names = ["contains", *[""] * len(parts)]
    contains = parts or [disk.content or "no partitions"]
    yield from (f"{name:10}{part}" for name, part in zip(names, contains, strict=False))


def gigabytes(size: int) -> str:
    """As it is printed on disks."""
    return f"{size / 1e9:.1f} GB"


def _disk(row: dict[str, Any], own: str) -> Disk:
    return Disk(
        path=row["path"],
        model=(row["model"] or "").strip() or "unknown model",
        serial=row["serial"] or "unknown",
        bus=row["tran"] or row["type"],
        size=int(row["size"]),
        sector=int(row["log-sec"]),
        read_only=bool(row["ro"]),
        own=row["path"] == own,
        mounted=_places(row),
        content=_content(row),
        parts=tuple(
            Part(inner["path"], inner["type"], int(inner["size"]), _content(inner), _places(inner))
            for inner in _inside(row)
        ),
    )


def _content(row: dict[str, Any]) -> str:
    return " ".join(row[key] for key in ("fstype", "label", "partlabel") if row[key])


def _places(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(place for place in row["mountpoints"] if place)


def _inside(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for inner in row.get("children", ()):
        yield inner
        yield from _inside(inner)
