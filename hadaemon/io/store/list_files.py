"""The lists that [networks] may name on the disk: cluster.d/networks/*.txt."""

import os
from pathlib import Path

from hadaemon.config.objects import Lists
from hadaemon.config.objects_model import LIST_SUFFIX, LISTS
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.sync.tree import FILES


def read_lists(state: Path) -> Lists:
    """By file name. Raises FileError."""
    folder = state / FILES / LISTS
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(LIST_SUFFIX))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(f"{folder}: cannot be read: {os.strerror(error.errno or 0)}") from error
    return {name: read_text(folder / name) or "" for name in names}
