"""What one node tells the other over the hotwire: the witness channel's message, without its wire format."""

from dataclasses import dataclass

from hadaemon.status.states import NodeState


@dataclass(frozen=True, slots=True)
class Peer:
    """A node as it sees itself (`Node.as_peer`): sent at each change, and regularly as a sign of life."""

    name: str
    state: NodeState
    releasing: bool
    """It is active and offers the virtual addresses: take them."""
    links_down: int
    failed_groups: int
    """Part of its health: HA interfaces that cannot serve; ping groups in which no host answers, together
    with tracked routes that are missing and own checks and services that have failed."""
    preferred: bool
    """It is the one that is meant to be active when both are equally healthy."""
    epoch: int
    """Number of the planned switches that it knows of: the later one decides who is preferred."""
    switched: bool
    """`preferred` is the work of a planned switch, not of `master` in cluster.toml."""
    claims: bool
    """It is backup, its score is better and its delays are over: it asks an active peer to hand over."""
    suspended: bool
    links: tuple[tuple[str, bool], ...] = ()
    """Each HA interface by the name of its port, and whether it can serve."""
    unready: str = ""
    """Why it could not take over now, as a plain phrase; empty: it could."""
    deaf: bool = False
    """It does not hear the other node over the hotwire. Whoever reads this does hear it: so the hotwire works
    in one direction only, unless both have just started."""
    unproven: int = 0
    """Part of its health too: HA interfaces whose link has come up, but over which nothing has come in
    yet."""
