"""A small FAT file system as bytes, such as a freshly formatted USB stick holds.

The preseed medium is made here because no tool for it is certain to be on the host (mtools, dosfstools
and xorriso are often absent), and because QEMU's own virtual FAT cannot be written by the guest reliably
and forbids snapshots. The result is a real FAT16 that Linux mounts read-only or writable. Same input,
same bytes.
"""

import struct

from firmware.lab.errors import LabError

SECTOR = 512
SECTORS = 8192
"""4 MiB: with one sector a cluster that is more than the 4,085 clusters that make it FAT16."""
RESERVED_SECTORS = 1
FAT_SECTORS = SECTORS * 2 // SECTOR
ROOT_ENTRIES = 512
ROOT_SECTORS = ROOT_ENTRIES * 32 // SECTOR
FIRST_DATA_SECTOR = RESERVED_SECTORS + 2 * FAT_SECTORS + ROOT_SECTORS
FIXED_DISK = 0xF8
ATTRIBUTE_VOLUME = 0x08
ATTRIBUTE_ARCHIVE = 0x20
ATTRIBUTE_LONG_NAME = 0x0F
LAST_LONG_ENTRY = 0x40
CHARACTERS_PER_ENTRY = 13


def fat_image(label: str, files: dict[str, bytes]) -> bytes:
    """The image of a FAT16 file system with those files in its root.

    Args:
        label: at most 11 characters, upper case.
        files: content by name; long names are kept as they are.

    Raises:
        LabError: the files do not fit, or the label is too long.
    """
    volume = label.encode("ascii").ljust(11)
    if len(volume) > 11:
        raise LabError(f"the label {label!r} is longer than 11 characters", "preseed medium")
    fat = [0xFF00 | FIXED_DISK, 0xFFFF]
    entries = [_entry(volume, ATTRIBUTE_VOLUME, 0, 0)]
    data = bytearray()
    for number, (name, content) in enumerate(sorted(files.items()), 1):
        clusters = -(-len(content) // SECTOR)
        first = len(fat) if clusters else 0
        fat += [*range(first + 1, first + clusters), 0xFFFF] if clusters else []
        data += content.ljust(clusters * SECTOR, b"\0")
        short = f"FILE{number:<4d}".replace(" ", "_").encode("ascii") + b"   "
        entries += [*_long_entries(name, short), _entry(short, ATTRIBUTE_ARCHIVE, first, len(content))]
    table = struct.pack(f"<{len(fat)}H", *fat).ljust(FAT_SECTORS * SECTOR, b"\0")
    root = b"".join(entries).ljust(ROOT_SECTORS * SECTOR, b"\0")
    image = _boot_sector(volume) + table + table + root + bytes(data)
    if len(root) > ROOT_SECTORS * SECTOR or len(image) > SECTORS * SECTOR:
        raise LabError("the files do not fit on the 4 MiB medium", "preseed medium")
    return image.ljust(SECTORS * SECTOR, b"\0")


def _boot_sector(volume: bytes) -> bytes:
    parameters = struct.pack(
        "<3s8sHBHBHHBHHHLLBBBL11s8s",
        b"\xeb\x3c\x90",
        b"HOTSPARE",
        SECTOR,
        1,  # sectors a cluster
        RESERVED_SECTORS,
        2,  # copies of the table
        ROOT_ENTRIES,
        SECTORS,
        FIXED_DISK,
        FAT_SECTORS,
        63,  # sectors a track, of no meaning here
        255,  # heads, likewise
        0,  # hidden sectors
        0,  # 32-bit sector count, unused
        0x80,  # drive number
        0,
        0x29,  # the next three fields are there
        0x48535052,  # serial number, fixed so that the same input gives the same bytes
        volume,
        b"FAT16   ",
    )
    return parameters.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"


def _entry(short: bytes, attribute: int, first_cluster: int, size: int) -> bytes:
    midnight, day = 0, (2025 - 1980) << 9 | 1 << 5 | 1
    times = (midnight, day, day, 0, midnight, day)
    return struct.pack("<11sBBBHHHHHHHL", short, attribute, 0, 0, *times, first_cluster, size)


def _long_entries(name: str, short: bytes) -> list[bytes]:
    """The VFAT entries of a long name, last part first, as they lie on the medium."""
    checksum = 0
    for byte in short:
        checksum = ((checksum >> 1) | (checksum << 7)) + byte & 0xFF
    count = -(-len(name) // CHARACTERS_PER_ENTRY)
    padded = name + "\0" if len(name) % CHARACTERS_PER_ENTRY else name
    encoded = padded.encode("utf-16-le").ljust(count * CHARACTERS_PER_ENTRY * 2, b"\xff")
    entries = []
    for index in range(count):
        part = encoded[index * 26 : index * 26 + 26]
        sequence = index + 1 | (LAST_LONG_ENTRY if index + 1 == count else 0)
        head = struct.pack("<B10sBBB", sequence, part[:10], ATTRIBUTE_LONG_NAME, 0, checksum)
        entries.append(head + part[10:22] + b"\0\0" + part[22:])
    return entries[::-1]
