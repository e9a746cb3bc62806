"""What is where in the state folder: the files of the configuration, and the daemon's own folder."""

from pathlib import Path

NODE_FILE = "node.toml"
CLUSTER_FILE = "cluster.toml"
HOTWIRE_KEY_FILE = "hotwire.key"
FOLDER = "daemon"
"""What the daemon alone writes, below the state that others write."""


def own_folder(state: Path) -> Path:
    """History and memory. The daemon's user may write here and nowhere else: never to a configuration."""
    return state / FOLDER
