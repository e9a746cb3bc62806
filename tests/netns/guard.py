"""The guard of a node's daemon, as a process."""

from pathlib import Path

from .pair import TestNode


def guard_of(node: TestNode) -> int:
    """Its process id: the daemon has one child."""
    assert node.daemon is not None
    pid = node.daemon.pid
    (guard,) = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return guard
