"""The administrator's programs on the disk: below cluster.d."""

import os
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.programs.script import MAX_BYTES


def read_program(state: Path, path: str) -> bytes | None:
    """Its content, and no more of it than tells that it is too large; None: there is no such file. `path`:
    beside cluster.toml. Raises FileError."""
    place = state / path
    try:
        with place.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FileError(f"{place}: cannot be read: {os.strerror(error.errno or 0)}") from error
