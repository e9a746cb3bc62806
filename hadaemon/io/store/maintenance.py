"""One bit of what a node must not forget, for the setup at boot, which has no time to load all the rest."""

from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.files import read_text
from hadaemon.text.reading import read_json

FILE = "memory.json"


def in_maintenance(folder: Path) -> bool:
    """Whether the daemon's memory in this folder says so. One that is damaged is the daemon's to report."""
    try:
        content = read_json(read_text(folder / FILE) or "null")
    except (HadaemonError, ValueError):
        return False
    return isinstance(content, dict) and content.get("maintenance") is True
