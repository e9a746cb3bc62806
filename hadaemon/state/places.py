"""Where things are in the state folder: the files of the configuration, and the daemon's own folder."""

from pathlib import Path

ADMIN = "admin"
"""The user of the administrators."""
NODE_FILE = "node.toml"
CLUSTER_FILE = "cluster.toml"
HOTWIRE_KEY_FILE = "hotwire.key"
HOTWIRE_NAME_FILE = "hotwire.name"
"""The name that the node had when it was paired: see `NodeConfig.paired_as`."""
FOLDER = "daemon"
"""The folder that the daemon alone writes, below the state folder that others write."""


def own_folder(state: Path) -> Path:
    """History and memory. The daemon's user may write here and nowhere else: never to a configuration."""
    return state / FOLDER
