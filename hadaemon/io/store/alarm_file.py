"""The alarms of a node on disk, so that a restart neither raises nor forgets one."""

import json
import os
from pathlib import Path
from typing import Any

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.text.reading import read_json

FILE = "alarms.json"


class AlarmFile:
    """One file in the daemon's own folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def load(self) -> object:
        """What is there; None: nothing, or nothing that can be read. Raises FileError."""
        try:
            found: object = read_json(read_text(self._path) or "null")
        except ValueError:
            return None
        return found

    def store(self, content: dict[str, Any]) -> None:
        """Replaces it, durably. Raises FileError."""
        try:
            self._path.parent.mkdir(mode=0o750, exist_ok=True)
        except OSError as error:
            raise FileError(f"{self._path}: cannot be written: {os.strerror(error.errno or 0)}") from error
        write_text(self._path, json.dumps(content) + "\n", 0o640)
