"""What a node has: cluster id, generation, digest; and what two nodes' heads mean for each other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hadaemon.sync.errors import SyncError

_ID = re.compile(r"[0-9a-f]{32}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
MAX_GENERATION = 10**9


@dataclass(frozen=True, slots=True)
class Head:
    """The configuration that a node has now."""

    cluster_id: str = ""
    """32 hex digits, given once by the master that founded the cluster. Empty: this node is fresh."""
    generation: int = 0
    """Counts up with each change in the cluster; 0: as its preseed left it."""
    digest: str = ""
    """Of the whole tree; empty: there is no cluster configuration."""

    @property
    def fresh(self) -> bool:
        """It has never been part of a cluster that a master founded: it can only pull."""
        return not self.cluster_id

    @property
    def empty(self) -> bool:
        """A stand-alone node."""
        return not self.digest

    def as_json(self) -> dict[str, object]:
        """For messages and files."""
        return {"cluster_id": self.cluster_id, "generation": self.generation, "digest": self.digest}


def head_from_json(raw: object, where: str) -> Head:
    """Checks input from outside. Unknown keys are ignored: a newer version has added them."""
    if isinstance(raw, Mapping):
        cluster_id, generation, found = raw.get("cluster_id"), raw.get("generation"), raw.get("digest")
        if (
            isinstance(cluster_id, str)
            and isinstance(found, str)
            and isinstance(generation, int)
            and not isinstance(generation, bool)
            and 0 <= generation <= MAX_GENERATION
            and (not cluster_id or _ID.match(cluster_id))
            and (not found or _DIGEST.match(found))
        ):
            return Head(cluster_id, generation, found)
    raise SyncError(f"{where}: not a cluster id, a generation and a digest")


class SyncState(StrEnum):
    """As an administrator sees it."""

    ERROR = "error"
    """The peer cannot be reached, or a key is missing."""
    PENDING = "pending"
    """They see each other, and their configurations differ."""
    SYNCHRONIZED = "synchronized"
    """The same configuration was read back on both."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The state and its reason as one sentence."""

    state: SyncState
    reason: str


def sync_status(paired: bool, own: Head, peer: Head | None, silence: str = "") -> SyncStatus:
    """`peer` is what the other node last said to have on its disk; None: it cannot be reached, and `silence`
    may say why."""
    if not paired:
        return SyncStatus(
            SyncState.ERROR, "the nodes do not hold each other's keys: pair them (`hactl pair`)"
        )
    if peer is None:
        return SyncStatus(SyncState.ERROR, silence or "the peer cannot be reached over the hotwire")
    if own.digest == peer.digest:
        return SyncStatus(SyncState.SYNCHRONIZED, f"both nodes have generation {_numbers(own, peer)}")
    if own.cluster_id != peer.cluster_id and not own.fresh and not peer.fresh:
        return SyncStatus(SyncState.PENDING, "the nodes belong to different clusters")
    if own.generation == peer.generation and not _ever_equal(own, peer):
        return SyncStatus(
            SyncState.PENDING, "each node has a configuration of its own: they were never the same"
        )
    if own.generation == peer.generation:
        return SyncStatus(SyncState.PENDING, f"both nodes have changed since generation {own.generation - 1}")
    newer = "this node" if own.generation > peer.generation else "the peer"
    return SyncStatus(
        SyncState.PENDING,
        f"{newer} is newer: generation {own.generation} here, {peer.generation} on the peer",
    )


def _ever_equal(own: Head, peer: Head) -> bool:
    """They belong to one cluster, and the generation before was the same on both."""
    return not own.fresh and own.cluster_id == peer.cluster_id and own.generation > 1


def _numbers(own: Head, peer: Head) -> str:
    if own.generation == peer.generation:
        return str(own.generation)
    return f"{own.generation} (here) and {peer.generation} (peer), with the same content"
