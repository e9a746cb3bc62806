"""The bundle that `flash` or an installation has put on the node's disk, on a partition of its own."""

import os
import shutil
import tarfile
from pathlib import Path

from hadaemon.install.layout import BUNDLE
from hadaemon.io.firmware.bundle_file import BundleError, check_space
from hadaemon.io.firmware.disks import disk_of, list_block_devices

_MEMBER = "bundle.raucb"
_CHUNK = 1 << 20
_HEADER = 4096
"""Bytes to erase, so that there is no archive any more."""


def find_partition(sibling: Path) -> Path | None:
    """The bundle's partition on the disk of a partition of ours. None: that disk has none. Raises
    EdgeError."""
    disk = disk_of(sibling)
    if not disk:
        return None
    rows = list_block_devices("PATH,PARTLABEL", disk)
    parts = [part for row in rows for part in row.get("children", ())]
    return next((Path(part["path"]) for part in parts if part["partlabel"] == BUNDLE), None)


def extract(partition: Path, target: Path) -> bool:
    """Writes the bundle into a file. False: the partition holds none any more. Raises BundleError."""
    try:
        with partition.open("rb") as device, tarfile.open(fileobj=device, mode="r|") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member is not None and member.name == _MEMBER else None
            if member is None or content is None:
                return False
            check_space(target.parent, member.size)
            with target.open("wb") as file:
                shutil.copyfileobj(content, file, _CHUNK)
            return True
    except tarfile.ReadError:
        return False
    except OSError as error:
        raise BundleError(f"{partition}: {os.strerror(error.errno or 0)}") from error


def archive_header(length: int) -> bytes:
    """What is before a bundle of so many bytes in the archive."""
    member = tarfile.TarInfo(_MEMBER)
    member.size = length
    return member.tobuf(tarfile.USTAR_FORMAT)


def archive_size(length: int) -> int:
    """Bytes of the archive of a bundle of so many bytes; behind the bundle are zeros."""
    blocks = -(-length // tarfile.BLOCKSIZE) + 2
    return len(archive_header(length)) + blocks * tarfile.BLOCKSIZE


def erase(partition: Path) -> None:
    """The partition holds none any more. Raises BundleError."""
    try:
        with partition.open("r+b", buffering=0) as device:
            device.write(bytes(_HEADER))
            os.fsync(device.fileno())
    except OSError as error:
        raise BundleError(f"{partition}: {os.strerror(error.errno or 0)}") from error
