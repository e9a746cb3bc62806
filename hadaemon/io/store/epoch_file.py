"""How often the daemon has been started: one number in a file, greater with each start."""

import os
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text

_NAME = "hotwire-epoch"
_MAX_DIGITS = 15


def next_epoch(folder: Path) -> int:
    """Counts this start, durably. Raises FileError when it cannot be counted.

    A file without a number counts as a missing one: the other node accepts a lower number once it has not
    heard us for a moment.
    """
    path = folder / _NAME
    text = (read_text(path) or "").strip()
    epoch = 1 + (int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else 0)
    try:
        folder.mkdir(mode=0o750, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be made: {os.strerror(error.errno or 0)}") from error
    write_text(path, f"{epoch}\n", 0o600)
    return epoch
