"""A preseed on the flashed disk itself: a FAT partition at its end, with the label that nodes look for."""

import subprocess
import sys
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.flash.end import Addition
from firmware.lab.fat import fat_image
from firmware.lab.preseed import FILE_NAME, LABEL


def read_preseed(path: Path) -> Addition:
    """Raises FirmwareError: a node would refuse it; it says so in the node's own words."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FirmwareError(
            f"{path} cannot be read: {error.strerror}", "--preseed", "name another file"
        ) from None
    except UnicodeDecodeError as error:
        raise FirmwareError(f"{path} is no text: {error}", "--preseed", "save it as UTF-8") from None
    command = [sys.executable, "-P", "-m", "hadaemon.setup", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        output = done.stdout.strip() or done.stderr.strip()
        raise FirmwareError(f"a node would refuse this preseed:\n{output}", str(path), "mend the file")
    content = fat_image(LABEL, {FILE_NAME: text.encode()})
    return Addition("preseed", len(content), lambda: iter((content,)))
