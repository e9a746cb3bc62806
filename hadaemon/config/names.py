"""The names of the two nodes, as far as cluster.toml says them."""

from collections.abc import Collection

from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.model import ClusterConfig
from hadaemon.config.reader import Table


def note_unknown_master(table: Table, cluster: ClusterConfig) -> None:
    """Tables that name all nodes must name the master: else each of the two would be the spare."""
    tables: list[tuple[str, Collection[str]]] = [
        (f"ha_interfaces[{position}].peers", interface.peers)
        for position, interface in enumerate(cluster.ha_interfaces)
    ]
    if cluster.hotwire is not None:
        tables.insert(0, ("hotwire.addresses", cluster.hotwire.addresses))
    if len(cluster.nodes) > 1:
        tables.insert(0, ("nodes", cluster.nodes))
    for key, names in tables:
        if names and cluster.master not in names:
            table.note("master", f"{unknown_master(cluster.master, names)} ({key})")
            return


def unknown_master(master: str, names: Collection[str]) -> str:
    """What is said of a master who is none of these."""
    hint = did_you_mean(master, names, "they are")
    return f'"{master}" is the name of no node, so that each would be the spare: {hint}'
