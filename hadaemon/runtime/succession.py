"""A node for a new configuration that takes over from an active one of the same process."""

from collections.abc import Sequence

from hadaemon.cluster import Event, Node, NodeState, Start
from hadaemon.config import ClusterConfig, NodeConfig

_MARGIN = 1e-6
"""Seconds, against rounding: the deadline must have come."""


def experienced_node(
    node: NodeConfig, cluster: ClusterConfig, facts: Sequence[Event], now: float
) -> Node | None:
    """A node that has listened in silence for as long as it must, so that its next Tick makes it active.

    It is true: its predecessor was active and heard nobody better. What the rehearsal orders (no address
    anywhere) was never so, and is dropped. None: by the new configuration the node takes no part.
    """

    def started(at: float) -> Node:
        fresh = Node(node, cluster, at)
        for event in (*facts, Start()):
            fresh.handle(event, at)
        return fresh

    rehearsal = started(now)
    if rehearsal.state is not NodeState.BACKUP or rehearsal.next_deadline is None:
        return None
    return started(now - (rehearsal.next_deadline - now) - _MARGIN)
