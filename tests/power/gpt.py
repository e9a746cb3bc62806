"""The partition table: both copies, their checksums, where the partitions are (UEFI specification, 5.3)."""

import struct
import zlib
from collections.abc import Callable, Iterator

from firmware.lab.disk import GPT_MAGIC, SECTOR, Partition, parse_entry
from tests.power.errors import Fault

Read = Callable[[int, int], bytes]
_HEADER = struct.Struct("<8sLLLLQQQQ16sQLLL")


def partitions(read: Read) -> dict[str, Partition]:
    """By label, from the first copy. Raises Fault."""
    return _table(read, 1, "first")[1]


def faults(read: Read, size: int) -> Iterator[str]:
    """Of both copies; `size` is the disk's in bytes. A disk that has grown may have the second one inside."""
    try:
        backup, first = _table(read, 1, "first")
        if not SECTOR < backup * SECTOR < size:
            yield "the second partition table is not on the disk"
        elif _table(read, backup, "second")[1] != first:
            yield "the two partition tables differ"
    except Fault as fault:
        yield f"{fault.where}: {fault.what}"


def _table(read: Read, sector: int, which: str) -> tuple[int, dict[str, Partition]]:
    raw = read(sector * SECTOR, SECTOR)
    (magic, _, size, checksum, _, _, other, _, _, _, start, count, entry, table_checksum) = (
        _HEADER.unpack_from(raw)
    )
    name = f"{which} partition table"
    if magic != GPT_MAGIC or not _HEADER.size <= size <= SECTOR:
        raise Fault("is not there", name)
    if zlib.crc32(raw[:16] + bytes(4) + raw[20:size]) != checksum:
        raise Fault("has a header with a wrong checksum", name)
    table = read(start * SECTOR, count * entry)
    if zlib.crc32(table) != table_checksum:
        raise Fault("has entries with a wrong checksum", name)
    entries = (table[at : at + entry] for at in range(0, len(table), entry))
    found = [parse_entry(each) for each in entries if any(each[:16])]
    return other, {partition.label: partition for partition in found}
