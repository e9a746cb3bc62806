"""sequences.json: what signed advertisements need beyond a restart, so that no recording of them is of use.

`epoch`: every smaller one may have been used by this node. `marks`: what the next sequence of each sender
must be greater than.
"""

import json
from ipaddress import ip_address
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.text.reading import read_json
from hadaemon.vrrp import MAX_EPOCH, NO_MARKS, Epoch, Marks

FILE = "sequences.json"
_MODE = 0o640


class SequenceFile:
    """One file in the daemon's own folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def load(self) -> tuple[Epoch, Marks]:
        """What was stored; at first nothing. Raises FileError when it is damaged."""
        text = read_text(self._path)
        if text is None:
            return Epoch(1), NO_MARKS
        try:
            stored = read_json(text)
            epoch = int(stored["epoch"])
            marks = {(int(v), ip_address(s)): int(sequence) for v, s, sequence in stored["marks"]}
        except (ValueError, KeyError, TypeError) as error:
            raise FileError(f"{self._path}: damaged: it is made anew") from error
        if not 1 <= epoch <= MAX_EPOCH:
            raise FileError(f"{self._path}: damaged: it is made anew")
        return Epoch(epoch), marks

    def store(self, epoch: Epoch, marks: Marks) -> None:
        """Replaces what was stored, durably; raises FileError."""
        plain = [[vrid, str(source), sequence] for (vrid, source), sequence in marks.items()]
        try:
            self._path.parent.mkdir(mode=0o750, exist_ok=True)
        except OSError as error:
            raise FileError(f"{self._path.parent}: cannot be made: {error.strerror}") from error
        write_text(self._path, json.dumps({"epoch": epoch, "marks": plain}) + "\n", _MODE)
