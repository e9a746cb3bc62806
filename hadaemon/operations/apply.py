"""Changes of the configuration on this node, or with `sync = "on-apply"` on both nodes or on neither."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hadaemon.config import ClusterConfig, SyncMode
from hadaemon.io.store.identity import Identity
from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.generations import older_generation, tree_from, tree_with
from hadaemon.operations.keys import use_keys
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.own_node import keep_own
from hadaemon.operations.peer import peer_of
from hadaemon.operations.synchronize import apply_on_both
from hadaemon.state.configuration import load_configuration
from hadaemon.sync.errors import SyncError
from hadaemon.sync.holder import Holder
from hadaemon.sync.record import How
from hadaemon.sync.tree import Tree, digest


class Where(Enum):
    """Which nodes a change counts on."""

    AS_CONFIGURED = "configured"
    """On both with `sync = "on-apply"`, else on this one."""
    HERE = "here"
    BOTH = "both"
    """On both nodes of a pair, or on neither."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change is made."""

    confirm: int | None = None
    """It goes back by itself after so many seconds, unless it is confirmed."""
    where: Where = Where.AS_CONFIGURED


def apply_path(paths: NodePaths, path: Path, manner: Manner) -> Outcome:
    """A folder is the whole configuration; a file is cluster.toml, and the files that belong to it stay."""
    with changing(paths, "config apply") as (here, holder):
        return _apply(here, tree_from(path, here.generations.tree()), holder, manner)


def apply_text(paths: NodePaths, text: str) -> Outcome:
    """A text becomes cluster.toml; the files that belong to it stay."""
    with changing(paths, "config apply") as (here, holder):
        return _apply(here, tree_with(text, here.generations.tree()), holder, Manner())


def _apply(here: OwnConfiguration, tree: Tree, holder: Holder, manner: Manner) -> Outcome:
    present = here.generations.head()
    if present.digest == digest(tree) and not present.fresh:
        return Outcome("nothing to do: this is the configuration already", changed=False)
    return commit(here, tree, How.APPLY, holder, manner)


def commit(
    here: OwnConfiguration, tree: Tree, how: How, holder: Holder, manner: Manner, note: str = ""
) -> Outcome:
    """Makes a configuration count where it has to. The caller holds the lock. Raises HadaemonError."""
    checked = here.check(tree)
    head = here.next_head(tree, checked)
    identity = Identity(here.state)
    _refuse_activation(here, checked.cluster, identity)
    as_configured = Where.BOTH if checked.cluster.sync is SyncMode.ON_APPLY else Where.HERE
    where = as_configured if manner.where is Where.AS_CONFIGURED else manner.where
    if where is Where.BOTH and checked.cluster.hotwire is not None and not identity.paired:
        raise SyncError(
            "the nodes do not hold each other's keys: pair them (`hactl pair`), "
            "or change this node alone (`--here`)"
        )
    if where is Where.HERE or not identity.paired:
        done = here.commit(tree, head, how, holder, manner.confirm, note)
        return Outcome(f"generation {head.generation} is applied on {here.name}", done.notes)
    with peer_of(here.state) as peer:
        notes = apply_on_both(here, peer, tree, head, how, holder, manner.confirm)
        return Outcome(f"generation {head.generation} is applied on {here.name} and {peer.side.name}", notes)


def _refuse_activation(here: OwnConfiguration, cluster: ClusterConfig, identity: Identity) -> None:
    """A cluster with a hotwire is not activated before the nodes know each other there: by their keys, or by
    the secret that a preseed has brought."""
    before = load_configuration(here.state)
    begins = cluster.enabled and (before.cluster is None or not before.cluster.enabled)
    known = identity.paired or before.hotwire_secret is not None
    if begins and cluster.hotwire is not None and not known:
        raise SyncError(
            "the cluster cannot be activated before the nodes hold each other's keys: pair them "
            "(`hactl pair`), or apply it with enabled = false first"
        )


def confirm(paths: NodePaths, here_only: bool) -> tuple[str, ...]:
    """What was applied with a time stays. The names of the nodes on which it does. Raises HadaemonError."""
    here, names = paths.configuration(), []
    guard = here.guard()
    if guard is None:
        raise SyncError("nothing waits to be confirmed")
    if guard.both and not here_only:
        # The peer first: what is confirmed on one node alone would make them differ.
        with peer_of(here.state) as peer:
            peer.confirm()
            names.append(peer.side.name)
    here.confirm()
    return (*names, here.name)


def roll_back(paths: NodePaths, number: int | None, where: Where) -> tuple[Outcome, int]:
    """An older generation counts again, by default the one before. Which one, beside the outcome."""
    with changing(paths, "config rollback") as (here, holder):
        record = older_generation(here, number)
        again = record.head.generation
        tree = here.generations.read(record)
        note = f"generation {again} again"
        return commit(here, tree, How.ROLLBACK, holder, Manner(where=where), note), again


def undo_unconfirmed(paths: NodePaths, here_only: bool) -> tuple[str, ...]:
    """What waits to be confirmed goes back now; what each node says of it."""
    with changing(paths, "config rollback") as (here, holder):
        said, guard = [], here.guard()
        if guard is not None and guard.both and not here_only:
            with peer_of(here.state) as peer:
                peer.lock(holder)
                said.append(f"{peer.side.name}: {peer.go_back()}")
        return (*said, here.go_back())


def leave_cluster(paths: NodePaths) -> Outcome:
    """A stand-alone node without configurations of clusters and without the peer's keys."""
    with changing(paths, "config reset") as (here, _):
        keep_own(paths.state)
        notes = here.reset()
        Identity(here.state).revoke()
        use_keys(paths)
        return Outcome(f"{here.name} stands alone", notes)
