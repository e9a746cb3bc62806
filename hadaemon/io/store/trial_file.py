"""The trial of a firmware in a file: what was written into a slot and is not decided yet."""

import os
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, sync_folder
from hadaemon.upgrade import trial
from hadaemon.upgrade.trial import Trial

FIRMWARE_FOLDER = "firmware"
"""In the state folder: what both slots' daemons read."""


def read_trial(state: Path) -> Trial | None:
    """The trial that is not decided yet. Raises FileError."""
    return trial.decode(read_text(state / FIRMWARE_FOLDER / trial.FILE))


def end_trial(state: Path) -> None:
    """Forgets the trial: it is decided."""
    path = state / FIRMWARE_FOLDER / trial.FILE
    try:
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileError(f"{path}: {os.strerror(error.errno or 0)}") from error
