"""The words for what a node is meant to be (role) and what it is (state)."""

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
