"""What a node must not forget: small, written rarely, read once at the start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """What survives the daemon and a reboot. The edge stores it when `Remember` says so."""

    maintenance: bool = False
    """The administrator keeps this node out of the cluster."""
    preferred: bool | None = None
    """Whether the last planned switch made this node the one that is meant to be active. None: there was none
    yet, so that it follows from `master` in cluster.toml."""
    epoch: int = 0
    """Number of the planned switches that the pair has seen. The node that knows the later switch is
    right about the preference."""
    suspended: bool = False
    """The node has switched too often: preference does not count until it was quiet for a while or the
    administrator resumes it."""


EMPTY = Memory()
"""The memory of a node that has nothing to remember yet."""
