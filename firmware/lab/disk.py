"""The disks of the lab's nodes: overlays on an image that stays as it is, made by `qemu-img`."""

import os
import subprocess
from pathlib import Path

from firmware.lab.errors import LabError, MachineError
from firmware.lab.machine import require_program


def link_or_copy(image: Path, name: Path) -> None:
    """Gives an image a second name that outlives the first; across file systems it takes a sparse copy.

    Raises:
        LabError: the image is missing.
    """
    if not image.is_file():
        raise LabError("the image is missing", str(image), "Build it with: python3 invoke.py image")
    try:
        os.link(image.resolve(), name)
    except OSError:
        _qemu_img("convert", "-f", "raw", "-O", "raw", str(image), str(name))


def create_overlay(base: Path, base_format: str, overlay: Path, size: str = "") -> None:
    """Makes a disk that starts as `base` and keeps its changes for itself.

    Args:
        base: an image nobody may write to while the overlay is in use. One of the same lab, whose folder is
            the one above the overlay's, is named relative to it: the lab's folder can move as a whole.
        base_format: `raw` or `qcow2`.
        overlay: the file to make.
        size: such as `4G`; empty: that of the base.

    Raises:
        MachineError: the overlay could not be made.
    """
    base, folder = base.resolve(), overlay.resolve().parent
    name = os.path.relpath(base, folder) if base.is_relative_to(folder.parent) else str(base)
    arguments = ["create", "-q", "-f", "qcow2", "-b", name, "-F", base_format, str(overlay)]
    _qemu_img(*arguments, *([size] if size else []))


def _qemu_img(*arguments: str) -> None:
    path = require_program("qemu-img", "qemu-utils")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"qemu-img failed: {done.stderr.strip()}", " ".join(arguments))
