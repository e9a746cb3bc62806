"""The administrator's part of HAProxy's configuration on the disk: cluster.d/haproxy/*.cfg."""

import os
from pathlib import Path

from hadaemon.follow.files import HAPROXY_FOLDER, haproxy_file
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.sync.tree import FILES


def read_haproxy(state: Path) -> dict[str, str]:
    """By file name, in the order in which HAProxy reads them. Raises FileError."""
    folder = state / FILES / HAPROXY_FOLDER
    try:
        names = sorted(entry.name for entry in folder.iterdir() if haproxy_file(entry.name))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(f"{folder}: cannot be read: {os.strerror(error.errno or 0)}") from error
    return {name: read_text(folder / name) or "" for name in names}
