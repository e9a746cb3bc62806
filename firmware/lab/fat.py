"""A small FAT file system as bytes, such as a freshly formatted USB stick holds; made by mtools.

QEMU's own virtual FAT cannot be written by the guest reliably, and forbids snapshots.
"""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware.lab.errors import LabError
from firmware.lab.machine import require_program

SECTOR = 512
SECTORS = 8192
"""4 MiB: with one sector a cluster that is more than the 4,085 clusters that make it FAT16."""
_NUMBER = "48535052"
"""Of the volume; fixed, as the time is: the same input gives the same bytes."""
_TIME = 1735689600
_GEOMETRY = ("-T", str(SECTORS), "-h", "255", "-s", "63", "-c", "1", "-N", _NUMBER)


def fat_image(label: str, files: dict[str, bytes]) -> bytes:
    """The image of a FAT16 file system with those files in its root.

    Args:
        label: at most 11 characters, upper case.
        files: content by name; long names are kept as they are.

    Raises:
        LabError: the files do not fit, the label is too long, or this machine has no mtools.
    """
    if len(label) > 11:
        raise LabError(f"the label {label!r} is longer than 11 characters", "preseed medium")
    with TemporaryDirectory(prefix="hotspare-fat-") as name:
        folder = Path(name)
        image, content = folder / "fat.img", folder / "content"
        content.mkdir()
        _mtools("mformat", "-C", "-i", str(image), "-v", label, *_GEOMETRY, "::")
        for file, data in sorted(files.items()):
            path = content / file
            path.write_bytes(data)
            os.utime(path, (_TIME, _TIME))
            _mtools("mcopy", "-m", "-i", str(image), str(path), f"::/{file}")
        return image.read_bytes()


def _mtools(program: str, *arguments: str) -> None:
    command = [require_program(program, "mtools"), *arguments]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(_TIME), "TZ": "UTC", "MTOOLSRC": os.devnull}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = done.stderr.strip()
        what = (
            "the files do not fit on the 4 MiB medium"
            if "full" in complaint
            else f"{program} failed: {complaint}"
        )
        raise LabError(what, "preseed medium")
