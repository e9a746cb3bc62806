"""Whether both nodes run the same firmware."""

from dataclasses import dataclass

from hadaemon.sync.head import SyncState


@dataclass(frozen=True, slots=True)
class Agreement:
    """As it is told to an administrator."""

    state: SyncState
    reason: str


def agreement(own: str | None, peer: str | None) -> Agreement:
    """By the versions; `peer` is None while it is not heard, and empty when it does not say."""
    if not own:
        return Agreement(SyncState.ERROR, "this node does not know its own version")
    if not peer:
        return Agreement(SyncState.ERROR, "the other node's version is not known")
    if own == peer:
        return Agreement(SyncState.SYNCHRONIZED, f"both nodes run {own}")
    return Agreement(SyncState.PENDING, f"this node runs {own}, the other one {peer}")
