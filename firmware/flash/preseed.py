"""A preseed on the flashed disk itself: a FAT partition at its end, with the label that nodes look for."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.flash.write import BLKFLSBUF
from firmware.lab.fat import fat_image
from firmware.lab.preseed import FILE_NAME, LABEL

_ALIGN = 1 << 20
_BASIC_DATA = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
_SECTOR = 512


def check_preseed(path: Path) -> str:
    """The file's text. Raises FirmwareError: a node would refuse it; it says so in the node's own words."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FirmwareError(f"the preseed cannot be read: {error}", "--preseed") from None
    command = [sys.executable, "-P", "-m", "hadaemon.setup", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stdout.strip() or done.stderr.strip()
        raise FirmwareError(f"a node would refuse this preseed:\n{told}", str(path), "mend the file")
    return text


def add_preseed(device: str, size: int, text: str) -> None:
    """Makes the partition at the very end, up to which the node's data grows.

    Args:
        device: path of the flashed disk.
        size: of the disk, in bytes.
        text: of the preseed.

    Raises:
        FirmwareError: the partition table cannot be changed, or the disk is defective.
    """
    content = fat_image(LABEL, {FILE_NAME: text.encode()})
    start = (size - _ALIGN - len(content)) // _ALIGN * _ALIGN
    row = f"start={start // _SECTOR}, size={len(content) // _SECTOR}, type={_BASIC_DATA}, name=preseed\n"
    _sfdisk("--relocate", "gpt-bak-std", device)
    _sfdisk("--append", "--no-reread", device, stdin=row)
    disk = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        if os.pwrite(disk, content, start) != len(content):
            raise FirmwareError("the preseed could not be written", device)
        os.fsync(disk)
        fcntl.ioctl(disk, BLKFLSBUF)
        if os.pread(disk, len(content), start) != content:
            raise FirmwareError(
                "the preseed that was read back is not what was written: the device is defective",
                device,
                "use another one",
            )
    finally:
        os.close(disk)


def _sfdisk(*arguments: str, stdin: str = "") -> None:
    command = ["sfdisk", "--quiet", "--lock=yes", "--wipe=never", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FirmwareError(f"sfdisk failed: {done.stderr.strip()}", " ".join(command))
