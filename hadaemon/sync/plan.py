"""What a synchronization would do, and why it must not: source and target become ordered steps.

The source's tree becomes the target's, whole. Nothing is committed anywhere before every side that will
commit has checked the whole new configuration; the target counts as synchronized when its digest was read
back from its disk.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import MAX_GENERATION, Head


class End(StrEnum):
    """The two ends of a synchronization."""

    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Side:
    """What a plan must know about a node."""

    name: str
    head: Head
    master: str = ""
    """The master that its configuration names; empty: it has none."""

    @property
    def leads(self) -> bool:
        """By its own configuration it is the master."""
        return self.master == self.name


@dataclass(frozen=True, slots=True)
class Check:
    """Validate the whole new configuration there, and keep it ready. Nothing changes."""

    end: End


@dataclass(frozen=True, slots=True)
class Commit:
    """Make what was checked there the configuration, in one step."""

    end: End
    head: Head


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Read from that disk what is there now: it must have this digest."""

    end: End
    digest: str


SyncStep: TypeAlias = Check | Commit | ReadBack


def refusal(source: Side, target: Side, overwrite_newer: bool = False) -> str | None:
    """Why the source's configuration must not become the target's; None: it may."""
    there = target.head
    here = source.head
    if source.name == target.name:
        return f"both nodes are called {source.name}: give one another name in its node.toml"
    if here.empty:
        return f"{source.name} has no cluster configuration that could be synchronized"
    if here.fresh and not there.fresh:
        return (
            f"{source.name} is fresh and {target.name} has a cluster with generation {there.generation}: "
            f"a fresh node can only take over: synchronize from {target.name} to {source.name}"
        )
    if not here.fresh and not there.fresh and here.cluster_id != there.cluster_id:
        return (
            f"{source.name} and {target.name} belong to different clusters: on the one that is to join the "
            "other, run `hactl config reset` first"
        )
    if there.fresh and target.leads and source.master != target.name:
        return (
            f"{target.name} is the master of a configuration of its own: if that may go, run "
            f"`hactl config reset` on {target.name} first"
        )
    if here.fresh and not source.leads:
        return (
            f"{source.name} has never been master and can only take over: start from {source.master}, which "
            "its configuration names as the master"
        )
    if _newer(there, here) and not overwrite_newer:
        return (
            f"{target.name} is newer: it has generation {there.generation}, {source.name} has "
            f"{here.generation}: synchronize the other way, or give --overwrite-newer if the older is right"
        )
    return None


def nothing_to_do(source: Side, target: Side) -> bool:
    """Both have the same configuration already."""
    return source.head == target.head and not source.head.fresh


def plan(source: Side, target: Side, new_cluster_id: str, form: str = "") -> tuple[SyncStep, ...]:
    """The steps that make both equal. Ask `refusal` first.

    `form`: the digest of what goes, if that is not what the source has, but the same in an older format that
    both nodes read. Then the source takes it too: equal nodes have equal digests.

    A cluster that has no id yet gets the new one; a source that is not ahead gets a number ahead of both, so
    that a number never means two configurations.
    """
    here, there = source.head, target.head
    head = here
    if here.fresh:
        head = replace(head, cluster_id=new_cluster_id, generation=max(here.generation, there.generation, 1))
    # The number of a fresh node that joins means nothing.
    same = there.cluster_id == here.cluster_id
    if same and there.generation >= head.generation and there.digest != here.digest:
        head = replace(head, generation=_next(max(head.generation, there.generation)))
    if form and form != head.digest:
        generation = max(head.generation, there.generation if same else 0)
        head = replace(head, digest=form, generation=_next(generation))
    renumbered = head != here
    return (
        *((Check(End.SOURCE),) if renumbered else ()),
        Check(End.TARGET),
        *((Commit(End.SOURCE, head),) if renumbered else ()),
        Commit(End.TARGET, head),
        ReadBack(End.TARGET, head.digest),
    )


def next_head(present: Head, digest: str, leads: bool, new_cluster_id: str) -> Head:
    """The head after a change on this node. Only the master founds a cluster."""
    cluster_id = present.cluster_id or (new_cluster_id if leads else "")
    return Head(cluster_id, _next(present.generation), digest)


def may_follow(target: Head, known: Collection[str], own_id: str) -> str | None:
    """Why a change must not go to the peer by itself (`sync = "on-apply"`); None: it may.

    Only what this node has had itself may be replaced without a person looking at the difference.
    """
    if not target.fresh and target.cluster_id != own_id:
        return "the peer belongs to another cluster"
    if target.digest and target.digest not in known:
        return (
            "the peer has a configuration that this node never had: look at `hactl config diff --peer`, then "
            "`hactl config sync` in the right direction"
        )
    return None


def roles_change(source: Side, target: Side) -> str | None:
    """What a synchronization means for the roles, when the target's configuration names another master."""
    if not target.master or target.master == source.master:
        return None
    names = {source.name, target.name}
    spare = next(iter(names - {source.master}), "") if source.master in names else ""
    change = f"the roles change over: {source.master} becomes the master"
    return f"{change}, {spare} the spare" if spare else f"{change}, which is neither of the two nodes"


def _newer(one: Head, other: Head) -> bool:
    return (
        one.cluster_id == other.cluster_id
        and not one.fresh
        and one.generation > other.generation
        and one.digest != other.digest
    )


def _next(generation: int) -> int:
    if generation >= MAX_GENERATION:
        raise SyncError(f"generation {generation} is the last one: reset the cluster (`hactl config reset`)")
    return generation + 1
