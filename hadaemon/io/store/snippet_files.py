"""The administrator's rules on the disk: cluster.d/firewall/*.nft."""

import os
from pathlib import Path

from hadaemon.firewall.snippets import FOLDER, SUFFIX, Snippet
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.sync.tree import FILES


def read_snippets(state: Path) -> tuple[Snippet, ...]:
    """In the order of their names. Raises FileError."""
    place = f"{FILES}/{FOLDER}"
    try:
        names = sorted(entry.name for entry in (state / place).iterdir() if entry.name.endswith(SUFFIX))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise FileError(f"{state / place}: cannot be read: {os.strerror(error.errno or 0)}") from error
    return tuple(Snippet(f"{place}/{name}", read_text(state / place / name) or "") for name in names)
