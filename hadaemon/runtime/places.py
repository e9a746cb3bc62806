"""The daemon's own folder: what it alone writes, below the state that others write."""

from pathlib import Path

FOLDER = "daemon"


def own_folder(state: Path) -> Path:
    """History and memory. The daemon's user may write here and nowhere else: never to a configuration."""
    return state / FOLDER
