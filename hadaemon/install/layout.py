"""The partitions of the disk that the box runs from, which are those of the installed one, too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hadaemon.install.disk import SECTOR
from hadaemon.install.errors import InstallError

NAMES = ("bios-boot", "esp", "boot-a", "root-a", "boot-b", "root-b", "data")
"""Of the partitions, from the first on."""
DATA_SIZE = 256 << 20
"""Bytes of the data partition of every image. It grows to the end of the disk at the first boot."""
HEAD = 1 << 20
"""Bytes before the first partition, which end with the partition table: what makes it a disk that boots."""
_TAIL = 1 << 20
"""Bytes for the second partition table."""
BUNDLE = "bundle"
"""The partition with the update bundle, which the first boot takes; `flash` calls it so, too."""
_ALIGN = 1 << 20
_BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


@dataclass(frozen=True, slots=True)
class Partition:
    """Where one lies."""

    name: str
    start: int
    """Bytes."""
    size: int
    """Bytes."""
    type: str
    """A GUID."""

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.size


@dataclass(frozen=True, slots=True)
class Layout:
    """Those of an image, without what else may be on a stick."""

    partitions: tuple[Partition, ...]

    def __getitem__(self, name: str) -> Partition:
        """The partition of that name."""
        return self.partitions[NAMES.index(name)]

    @property
    def end(self) -> int:
        """The first byte behind all of them."""
        return self.partitions[-1].end

    @property
    def needed(self) -> int:
        """Bytes that a disk must have."""
        return needed(self[NAMES[-1]].start)


def needed(data: int) -> int:
    """Bytes that a disk must have. `data`: where the data partition begins, in bytes."""
    return data + DATA_SIZE + _TAIL


def read_layout(table: dict[str, Any]) -> Layout:
    """From the `partitiontable` of sfdisk's JSON. Raises InstallError: it is not that of an image."""
    rows = table.get("partitions", ())[: len(NAMES)]
    names = tuple(row.get("name", "") for row in rows)
    if table.get("label") != "gpt" or table.get("sectorsize") != SECTOR or names != NAMES:
        raise InstallError(
            f"{table.get('device', 'the disk')} is not divided as an image is: "
            f"{', '.join(names) or 'no partitions'}"
        )
    return Layout(
        tuple(
            Partition(
                row["name"],
                row["start"] * SECTOR,
                DATA_SIZE if row["name"] == "data" else row["size"] * SECTOR,
                row["type"],
            )
            for row in rows
        )
    )


def bundle_partition(layout: Layout, size: int, length: int) -> Partition | None:
    """Where the update bundle lies until the first boot has taken it: at the end, up to which the data grows.

    Args:
        layout: of the disk.
        size: of the disk, in bytes.
        length: of the content, in bytes.

    Returns:
        None: there is no room for it.
    """
    room = -(-length // _ALIGN) * _ALIGN
    start = (size - _TAIL) // _ALIGN * _ALIGN - room
    return Partition(BUNDLE, start, room, _BASIC_DATA) if start >= layout.end else None


def table_script(layout: Layout, more: tuple[Partition, ...] = ()) -> str:
    """For sfdisk. Without identifiers, so that the disk and its partitions get random ones."""
    return "\n".join(["label: gpt", *_rows((*layout.partitions, *more)), ""])


def _rows(partitions: tuple[Partition, ...]) -> Iterator[str]:
    for number, part in enumerate(partitions, start=1):
        start, size = part.start // SECTOR, part.size // SECTOR
        yield f'{number}: start={start}, size={size}, type={part.type}, name="{part.name}"'
