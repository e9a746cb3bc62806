"""[[hooks]] of cluster.toml, validated: programs that are run after the node's state has changed."""

from dataclasses import dataclass

from hadaemon.status.states import NodeState

PROGRAMS = "cluster.d/hooks"
"""The folder of their programs."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One of [[hooks]]."""

    program: str
    """Beside cluster.toml, e.g. `cluster.d/hooks/tell`. No two hooks have the same."""
    on: tuple[NodeState, ...]
    """The states after whose beginning it is run."""
    timeout: float = 30.0
    """Seconds that one run may take."""
