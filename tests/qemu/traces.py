"""What labs leave where all of them are: of this process, or of none. Other tests run at the same time."""

import contextlib
import re
import tempfile
from pathlib import Path

from firmware.lab.lab import FOLDER

_PLACE = re.compile(r"(?:run|hotspare)-([0-9a-f]{8})(?:\.lock)?")
NOBODY = 0


def traces(process: int) -> set[Path]:
    """A lab's folder, its lock and its sockets, of each lab of the process and of those whose process is no
    more; NOBODY: only of the latter."""
    places = {
        path: found[1]
        for path in (*FOLDER.glob("run-*"), *Path(tempfile.gettempdir()).glob("hotspare-*"))
        if (found := _PLACE.fullmatch(path.name))
    }
    held = {name: _holders(FOLDER / f"run-{name}.lock") for name in set(places.values())}
    others = {name for name, processes in held.items() if processes and process not in processes}
    return {path for path, name in places.items() if name not in others and path.exists()}


def _holders(lock: Path) -> set[int]:
    """The processes that have the file open."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if entry.readlink() == lock:
                found.add(int(entry.parts[2]))
    return found
