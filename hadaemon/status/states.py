"""The words for what a node is meant to be (role), what it is (state), what its files allow (condition)."""

from enum import StrEnum


class Role(StrEnum):
    """What a node is meant to be; it is not a state."""

    MASTER = "master"
    SPARE = "spare"


class NodeState(StrEnum):
    """What a node is now."""

    ACTIVE = "active"
    """Answers for the virtual addresses."""
    BACKUP = "backup"
    """Listens, ready to take over."""
    FAULT = "fault"
    """Cannot take part: a port of the cluster was never there, or none is left."""
    MAINTENANCE = "maintenance"
    """Kept out by the administrator."""
    OFF = "off"
    """Not started, stopped, or the cluster is not enabled."""


class Condition(StrEnum):
    """What the files of the configuration allow."""

    CLUSTER = "cluster"
    """Both files are good: the node takes part."""
    STAND_ALONE = "stand-alone"
    """There is no cluster.toml: a node without a pair."""
    UNCONFIGURED = "unconfigured"
    """There is no node.toml: the node waits for its preseed."""
    REFUSED = "refused"
    """A file is wrong: nothing of it is applied."""
