"""Which disk image the lab's nodes start from."""

import os
from pathlib import Path

from firmware.build.image import build_disk
from firmware.build.options import BuildOptions
from firmware.lab.errors import LabError

IMAGE_VARIABLE = "HOTSPARE_IMAGE"
"""Names a raw disk image to use in place of a built one, such as an unpacked release."""


def raw_image(board: str) -> Path:
    """The raw disk image of a board; it is built when there is none of what the checkout holds now.

    Raises:
        FirmwareError: it cannot be built, or the one that the environment names is missing.
    """
    named = os.environ.get(IMAGE_VARIABLE)
    if not named:
        return build_disk(BuildOptions(board=board))
    if not Path(named).is_file():
        raise LabError("the image is missing", f"{IMAGE_VARIABLE}={named}", "Name a raw disk image.")
    return Path(named).resolve()
