"""The state folder: what a preseed leaves there for good."""

import os
from collections.abc import Mapping

from hadaemon.config import ClusterConfig, Preseed, migrate, render_admin, render_cluster, render_node
from hadaemon.config.commented import commented
from hadaemon.config.migrate import Kind
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import sync_folder, write_text
from hadaemon.io.store.forms import store
from hadaemon.setup.places import Owners, Places
from hadaemon.state.places import CLUSTER_FILE, HOTWIRE_KEY_FILE, NODE_FILE, own_folder


def make_state_folder(places: Places, owners: Owners) -> None:
    """Makes the folder and the daemon's own one below it, and sets owner and mode, whatever they were."""
    try:
        places.state.mkdir(parents=True, exist_ok=True)
        if owners.state is not None:
            os.chown(places.state, *owners.state)
        places.state.chmod(0o750)
        folder = own_folder(places.state)
        folder.mkdir(exist_ok=True)
        if owners.daemon is not None:
            os.chown(folder, *owners.daemon, follow_symlinks=False)
        folder.chmod(0o750)
    except OSError as error:
        raise FileError(f"{places.state}: {os.strerror(error.errno or 0)}") from error


def store_preseed(preseed: Preseed, places: Places, owners: Owners) -> None:
    """Writes the files. node.toml comes last: with it the node is configured, without it nothing
    counts.

    A power cut before that leaves an unconfigured node, which reads its preseed again.
    """
    store(places.admin_file, render_admin(preseed.admin), Kind.ADMIN, 0o600, owners.secret)
    if preseed.cluster is not None:
        text = _cluster_text(preseed, preseed.cluster)
        store(places.state / CLUSTER_FILE, text, Kind.CLUSTER, 0o640, owners.state)
    else:
        (places.state / CLUSTER_FILE).unlink(missing_ok=True)
        sync_folder(places.state)
    if preseed.hotwire_secret is not None:
        text = f"{preseed.hotwire_secret.text()}\n"
        write_text(places.state / HOTWIRE_KEY_FILE, text, 0o640, owners.state)
    store(places.state / NODE_FILE, _node_text(preseed), Kind.NODE, 0o640, owners.state)


def _node_text(preseed: Preseed) -> str:
    return render_node(preseed.node) if preseed.tables is None else _as_it_stands(preseed.tables[0])


def _cluster_text(preseed: Preseed, cluster: ClusterConfig) -> str:
    """The same on both nodes."""
    return commented(render_cluster(cluster)) if preseed.tables is None else _as_it_stands(preseed.tables[1])


def _as_it_stands(table: Mapping[str, object]) -> str:
    import tomli_w  # Needed only for one file of both nodes.

    return tomli_w.dumps({"schema": migrate.KNOWN.newest, **table})
