"""The cluster is activated or deactivated: the same configuration with another `enabled`."""

from dataclasses import replace

from hadaemon.config import load_cluster
from hadaemon.config.load import parse
from hadaemon.io.store.identity import Identity
from hadaemon.operations.amend import amended
from hadaemon.operations.apply import Manner, Where, commit
from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.generations import tree_with
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.peer import peer_of
from hadaemon.sync.errors import SyncError
from hadaemon.sync.record import How
from hadaemon.sync.tree import CLUSTER, Tree, digest


def set_enabled(paths: NodePaths, enabled: bool, where: Where) -> Outcome:
    """The administrator's comments stay. Raises HadaemonError, which says what was changed, if anything."""
    command = "config activate" if enabled else "config deactivate"
    with changing(paths, command) as (here, holder):
        present = here.generations.tree()
        if present is None:
            raise SyncError(f"{here.name} is in no cluster: create or join one first (`hactl menu`)")
        text = present.cluster.decode()
        cluster = load_cluster(text, node=here.name)
        if cluster.enabled is enabled and _counts(here, present, where):
            already = f"nothing to do: the cluster is {'activated' if enabled else 'deactivated'} already"
            return Outcome(already, changed=False)
        text = amended(text, {**parse(text, CLUSTER), "enabled": enabled})
        done = commit(here, tree_with(text, present), How.APPLY, holder, Manner(where=where))
        return replace(done, done=f"the cluster is {'activated' if enabled else 'deactivated'}: {done.done}")


def _counts(here: OwnConfiguration, tree: Tree, where: Where) -> bool:
    """The other node has the same configuration, if that was asked for."""
    if where is not Where.BOTH or not Identity(here.state).paired:
        return True
    with peer_of(here.state) as peer:
        return peer.side.head.digest == digest(tree)
