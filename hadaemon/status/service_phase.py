"""How a unit is."""

from enum import StrEnum


class Phase(StrEnum):
    """In one word."""

    UNKNOWN = "unknown"
    """Nobody has looked at it yet."""
    ABSENT = "absent"
    """There is no such unit, or it cannot be loaded."""
    DOWN = "down"
    FAILED = "failed"
    STARTING = "starting"
    UP = "up"
    BROKEN = "broken"
    """systemd believes that it runs, and its interface is not there."""
    STOPPING = "stopping"
