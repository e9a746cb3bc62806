"""A FAT file system, read and checked as a boot loader finds it: FAT12, 16 or 32, long names too.

Microsoft's "FAT32 File System Specification" names the fields. Nothing is ever written.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.power.errors import Fault

Read = Callable[[int, int], bytes]
"""Gets offset and length in bytes."""

_ENTRY = 32
_DELETED, _END = 0xE5, 0x00
_LONG_NAME, _VOLUME, _FOLDER = 0x0F, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Found:
    """A file or a folder."""

    name: str
    folder: bool
    cluster: int
    """The first one; 0: there is none."""
    size: int
    """Bytes; 0 for a folder."""


class Fat:
    """One file system. Raises Fault for what cannot be read as one."""

    def __init__(self, read: Read, name: str) -> None:
        self._read = read
        self._name = name
        boot = read(0, 512)
        if boot[510:512] != b"\x55\xaa":
            raise Fault("has no boot sector", name)
        (self._sector, per_cluster, reserved, fats, roots, small, _, fat16) = struct.unpack_from(
            "<HBHBHHBH", boot, 11
        )
        (large,) = struct.unpack_from("<L", boot, 32)
        fat32, _, _, root32 = struct.unpack_from("<LHHL", boot, 36)
        if self._sector not in (512, 1024, 2048, 4096) or not per_cluster or not fats:
            raise Fault("has a boot sector that makes no sense", name)
        fat_size = (fat16 or fat32) * self._sector
        self._fats = [reserved * self._sector + number * fat_size for number in range(fats)]
        self._fat_size = fat_size
        self._root = reserved * self._sector + fats * fat_size
        self._root_size = roots * _ENTRY
        self._root_cluster = 0 if roots else root32
        self._data = self._root + -(-self._root_size // self._sector) * self._sector
        self._cluster = per_cluster * self._sector
        self._count = ((small or large) * self._sector - self._data) // self._cluster
        self._bits = 12 if self._count < 4085 else 16 if self._count < 65525 else 32
        self._table = read(self._fats[0], fat_size)

    def file(self, path: str) -> bytes:
        """The content of a file, such as `/grub/grubenv`; upper and lower case are the same."""
        here = self._list(None)
        *folders, name = path.strip("/").split("/")
        for folder in folders:
            here = self._list(self._named(here, folder, path, folder=True))
        found = self._named(here, name, path, folder=False)
        return self._content(found)[: found.size]

    def faults(self) -> Iterator[str]:
        """What fsck would say: of the copies of the table, and of every chain of clusters."""
        for number, offset in enumerate(self._fats[1:], start=2):
            if self._read(offset, self._fat_size) != self._table:
                yield f"{self._name}: copy {number} of its table differs"
        used: dict[int, str] = {}
        try:
            if self._root_cluster:
                used |= dict.fromkeys(self._chain(self._root_cluster, "/"), "/")
            yield from self._walk(None, "", used)
        except Fault as fault:
            yield f"{self._name}: {fault.what}"
        lost = [at for at in range(2, self._count + 2) if self._next(at) and at not in used]
        if lost:
            yield f"{self._name}: {len(lost)} clusters belong to no file"

    def _walk(self, folder: Found | None, path: str, used: dict[int, str]) -> Iterator[str]:
        for found in self._list(folder):
            name = f"{path}/{found.name}"
            chain = list(self._chain(found.cluster, name)) if found.cluster else []
            for cluster in chain:
                if cluster in used:
                    yield f"{self._name}: {name} and {used[cluster]} share a cluster"
                used[cluster] = name
            if not found.folder and len(chain) != -(-found.size // self._cluster):
                yield f"{self._name}: {name} has {found.size} bytes in {len(chain)} clusters"
            if found.folder:
                yield from self._walk(found, name, used)

    def _named(self, here: list[Found], name: str, path: str, folder: bool) -> Found:
        for found in here:
            if found.name.lower() == name.lower() and found.folder == folder:
                return found
        raise Fault(f"has no {path}", self._name)

    def _list(self, folder: Found | None) -> list[Found]:
        if folder is not None:
            data = self._content(folder)
        elif self._root_cluster:
            data = self._content(Found("/", True, self._root_cluster, 0))
        else:
            data = self._read(self._root, self._root_size)
        return list(_entries(data))

    def _content(self, found: Found) -> bytes:
        chain = self._chain(found.cluster, found.name) if found.cluster else ()
        return b"".join(self._read(self._data + (at - 2) * self._cluster, self._cluster) for at in chain)

    def _chain(self, cluster: int, name: str) -> Iterator[int]:
        seen = 0
        last = {12: 0xFF8, 16: 0xFFF8, 32: 0xFFFFFF8}[self._bits]
        while cluster < last:
            seen += 1
            if not 2 <= cluster < self._count + 2 or seen > self._count:
                raise Fault(f"the clusters of {name} lead nowhere", self._name)
            yield cluster
            cluster = self._next(cluster)

    def _next(self, cluster: int) -> int:
        if self._bits == 12:
            (pair,) = struct.unpack_from("<H", self._table, cluster * 3 // 2)
            return int(pair >> 4 if cluster % 2 else pair & 0xFFF)
        if self._bits == 16:
            return int(struct.unpack_from("<H", self._table, cluster * 2)[0])
        return int(struct.unpack_from("<L", self._table, cluster * 4)[0] & 0xFFFFFFF)


def _entries(data: bytes) -> Iterator[Found]:
    long: list[str] = []
    for at in range(0, len(data), _ENTRY):
        raw = data[at : at + _ENTRY]
        if raw[0] == _END:
            return
        if raw[0] == _DELETED:
            long = []
        elif raw[11] == _LONG_NAME:
            long.insert(0, (raw[1:11] + raw[14:26] + raw[28:32]).decode("utf-16-le", "replace"))
        else:
            name = "".join(long).partition("\0")[0] or _short_name(raw)
            long = []
            high, low, size = struct.unpack_from("<H4xHL", raw, 20)
            if not raw[11] & _VOLUME and name not in (".", ".."):
                yield Found(name, bool(raw[11] & _FOLDER), high << 16 | low, size)


def _short_name(raw: bytes) -> str:
    base, extension = (raw[start:end].decode("cp437").rstrip() for start, end in ((0, 8), (8, 11)))
    return f"{base}.{extension}" if extension else base
