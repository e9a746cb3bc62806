"""The plan of the pair's upgrade, in a file of the daemon's own: a power cut leaves the old or the new one.

Blocking. Root's programs read it too: it says what to install, never from where.
"""

from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text, write_text
from hadaemon.upgrade.plan import PLAN_FILE, Plan, decode, encode


class PlanFile:
    """In the daemon's own folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PLAN_FILE

    def load(self) -> Plan | None:
        """None: there never was one. Raises FileError."""
        try:
            return decode(read_text(self._path))
        except ValueError as error:
            raise FileError(
                f"{self._path}: damaged ({error}): see what both nodes run (`hactl firmware status`), "
                "and remove it"
            ) from error

    def store(self, plan: Plan) -> None:
        """Replaces it in one durable step. Raises FileError."""
        try:
            self._path.parent.mkdir(mode=0o750, exist_ok=True)
        except OSError as error:
            raise FileError(f"{self._path.parent}: cannot be made: {error.strerror}") from error
        write_text(self._path, encode(plan), 0o640)
