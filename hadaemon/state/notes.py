"""Everything that an administrator should know of a configuration that is good."""

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.config.notes import pair_notes
from hadaemon.firewall.advice import advice


def notes_of(node: NodeConfig, cluster: ClusterConfig) -> tuple[str, ...]:
    """Each with its file and key."""
    return (*pair_notes(node, cluster), *advice(cluster))
