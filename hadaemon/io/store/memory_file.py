"""What a node must not forget, in a file: a power cut leaves the old one or the new one, never half of it.

Blocking: written in the daemon's background thread.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

from hadaemon.cluster.memory import EMPTY, Memory
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.io.store.maintenance import FILE
from hadaemon.text.reading import read_json

_SCHEMA = 1


class MemoryFile:
    """The file in the daemon's own folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def load(self) -> Memory:
        """What was stored last; a node that never stored anything remembers nothing. Raises FileError."""
        text = read_text(self._path)
        if text is None:
            return EMPTY
        try:
            return _memory(read_json(text))
        except (ValueError, TypeError, KeyError) as error:
            raise FileError(
                f"{self._path}: damaged ({error}): maintenance and the last planned switch are forgotten: "
                "set them again with hactl"
            ) from error

    def store(self, memory: Memory) -> None:
        """Replaces the file in one durable step. Raises FileError."""
        content = {"schema": _SCHEMA, **dataclasses.asdict(memory)}
        self._path.parent.mkdir(mode=0o750, exist_ok=True)
        write_text(self._path, json.dumps(content) + "\n", 0o640)


def _memory(content: object) -> Memory:
    """Every field that is known and there must have its type; what another version added is left out."""
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        raise ValueError(f"schema {_SCHEMA} is wanted")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Memory):
        value = content.get(field.name, field.default)
        if not (type(value) is type(field.default) or (field.default is None and isinstance(value, bool))):
            raise ValueError(f"{field.name}: {value!r}")
        values[field.name] = value
    return Memory(**values)
