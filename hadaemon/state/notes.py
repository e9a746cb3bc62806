"""Everything that an administrator should know of a configuration that is good."""

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.config.notes import notes, unsigned_notes
from hadaemon.firewall.advice import advice


def notes_of(node: NodeConfig, cluster: ClusterConfig | None) -> tuple[str, ...]:
    """Each with its file and key. None: the node stands alone."""
    of_both = (*advice(cluster), *unsigned_notes(cluster)) if cluster is not None else ()
    return (*notes(node, cluster), *of_both)
