"""`python3 invoke.py flash`: asks, writes, reads back."""

import errno
import os
import sys
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.flash.block_map import BlockMap, parse_block_map
from firmware.flash.bundle import make_addition
from firmware.flash.device import Device, describe, find_device
from firmware.flash.end import Addition, add_partitions, room
from firmware.flash.options import FlashOptions
from firmware.flash.preseed import read_preseed
from firmware.flash.write import check_image, give_own_number, verify, write_image
from firmware.paths import IMAGES
from firmware.safe import safe


def flash(options: FlashOptions) -> None:
    """Raises FirmwareError, and has written nothing unless it says so."""
    device = find_device(options.device)
    image = options.image or _newest(options.board)
    block_map = _block_map(image)
    additions: tuple[Addition, ...] = (read_preseed(options.preseed),) if options.preseed else ()
    _refuse(device, block_map.size + room(additions))
    additions += _bundle(image, device.size - block_map.size - room(additions))
    print(f"{describe(device)}\nimage     {image}  ({block_map.mapped / 1e6:.0f} MB of data)")
    check_image(image, block_map)
    if not options.yes:
        _ask(device)
    _overwrite(image, block_map, device)
    _add(device, additions)
    print(f"{device.path} holds {' and the '.join((image.name, *(one.name for one in additions)))}")


def _newest(board: str) -> Path:
    images = sorted((IMAGES / board).glob("*.img.zst"), key=lambda path: path.stat().st_mtime)
    if not images:
        raise FirmwareError(
            f"no image has been built for board {board} yet",
            str(IMAGES / board),
            f"build one (`python3 invoke.py image --board {board}`), or name one (--image)",
        )
    return images[-1]


def _beside(image: Path, suffix: str) -> Path:
    """Where the build puts what belongs to an image."""
    return image.with_name(image.name.removesuffix(".zst").removesuffix(".img") + suffix)


def _block_map(image: Path) -> BlockMap:
    path = _beside(image, ".img.bmap")
    for needed in (image, path):
        if not needed.is_file():
            todo = "an image and its block map lie side by side, as the build leaves them: copy both"
            raise FirmwareError(f"{needed.name} is missing", str(needed.parent), todo)
    return parse_block_map(path.read_text(), str(path))


def _bundle(image: Path, free: int) -> tuple[Addition, ...]:
    """The image's own, if it is beside it and there is room for it; what it is for is said when it is not."""
    path = _beside(image, ".raucb")
    try:
        addition = make_addition(path)
    except FileNotFoundError:
        missing = f"no bundle {path.name} lies beside the image"
    except OSError as error:
        missing = f"{path.name} cannot be read: {error.strerror}"
    else:
        if addition.size <= free:
            return (addition,)
        missing = f"there is no room for {path.name}"
    print(f"{missing}: the node has nothing to give its peer until `hactl firmware keep {path.name}`")
    return ()


def _refuse(device: Device, needed: int) -> None:
    refusal = device.refusal
    if not refusal and device.size < needed:
        refusal = f"it has {device.size / 1e9:.1f} GB, and {needed / 1e9:.1f} GB are needed"
    if refusal:
        raise FirmwareError(
            f"{device.path} is not written to: {refusal}", describe(device), "name another disk"
        )


def _ask(device: Device) -> None:
    if not sys.stdin.isatty():
        raise FirmwareError("nobody is here to be asked", "--device", "say --yes if you are sure")
    try:
        answer = input(safe(f"All of it will be lost. Type {device.path} to go on: "))
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip() != device.path:
        raise FirmwareError("nothing was written")


def _overwrite(image: Path, block_map: BlockMap, device: Device) -> None:
    try:
        disk = os.open(device.path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        todo = "become root" if error.errno == errno.EACCES else "close what uses it"
        raise FirmwareError(f"{device.path} cannot be opened: {error.strerror}", "--device", todo) from None
    try:
        write_image(image, block_map, disk)
        verify(block_map, disk)
        give_own_number(disk)
    except OSError as error:
        raise FirmwareError(
            f"the device failed: {error.strerror}; it is half-written and does not boot", device.path
        ) from None
    except KeyboardInterrupt:
        raise FirmwareError(
            f"interrupted: {device.path} is half-written and does not boot", todo="flash it again"
        ) from None
    finally:
        os.close(disk)


def _add(device: Device, additions: tuple[Addition, ...]) -> None:
    try:
        add_partitions(device.path, device.size, additions)
    except OSError as error:
        raise FirmwareError(f"the device failed: {error.strerror}", device.path, "use another one") from None
    except KeyboardInterrupt:
        names = " or the ".join(one.name for one in additions)
        raise FirmwareError(
            f"interrupted: {device.path} boots, but the {names} may be missing", todo="flash it again"
        ) from None
