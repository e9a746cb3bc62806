"""Own addresses and VLANs move between node.toml and cluster.toml: the same configuration in another place.

cluster.toml has both nodes' then, and is edited, synchronized and kept in one. Whatever ends it in between
leaves a value in both files, where it is the same.
"""

from hadaemon.config import shared_ports
from hadaemon.config.load import parse
from hadaemon.config.moving import Moved, to_cluster, to_node
from hadaemon.config.notes import covered_note
from hadaemon.operations.amend import amended
from hadaemon.operations.apply import Manner, Where, commit
from hadaemon.operations.changing import NodePaths, Outcome, changing
from hadaemon.operations.generations import tree_with
from hadaemon.operations.own_configuration import OwnConfiguration
from hadaemon.operations.own_node import OwnNode
from hadaemon.state.places import NODE_FILE
from hadaemon.sync.errors import SyncError
from hadaemon.sync.holder import Holder
from hadaemon.sync.record import How
from hadaemon.sync.tree import CLUSTER, Tree


def move_to_cluster(paths: NodePaths, where: Where) -> Outcome:
    """What node.toml says of ports, but their network cards. Raises HadaemonError: nothing was moved, or it
    is in both files."""
    with changing(paths, "config move-to-cluster") as (here, holder):
        node, present = OwnNode(paths.state, paths.control), _tree(here)
        text = node.text()
        moved = to_cluster(parse(text, NODE_FILE), parse(present.cluster.decode(), CLUSTER))
        if not moved.keys:
            return _nothing(moved)
        done = _commit(here, holder, present, moved, where)
        notes = node.replace(amended(text, moved.node))
        passing = set(map(covered_note, moved.keys))  # True only until node.toml was written.
        lasting = (note for note in (*done.notes, *notes) if note not in passing)
        return Outcome(_told(moved, "cluster.toml", done), (*dict.fromkeys(lasting), *_kept(moved)))


def move_to_node(paths: NodePaths, where: Where) -> Outcome:
    """What cluster.toml says of this node's ports. Raises HadaemonError, as above."""
    with changing(paths, "config move-to-node") as (here, holder):
        node, present = OwnNode(paths.state, paths.control), _tree(here)
        text, shared = node.text(), present.cluster.decode()
        moved = to_node(parse(text, NODE_FILE), parse(shared, CLUSTER), shared_ports(text, shared))
        if parse(shared, CLUSTER) == moved.cluster and not moved.keys:
            return _nothing(moved)
        notes = node.replace(amended(text, moved.node)) if moved.keys else ()
        done = _commit(here, holder, present, moved, where)
        return Outcome(_told(moved, "node.toml", done), (*notes, *done.notes))


def _tree(here: OwnConfiguration) -> Tree:
    tree = here.generations.tree()
    if tree is None:
        raise SyncError(f"{here.name} is in no cluster: create or join one first (`hactl menu`)")
    return tree


def _commit(here: OwnConfiguration, holder: Holder, present: Tree, moved: Moved, where: Where) -> Outcome:
    text = amended(present.cluster.decode(), moved.cluster)
    if text.encode() == present.cluster:
        return Outcome("cluster.toml is as it was", changed=False)
    return commit(here, tree_with(text, present), How.APPLY, holder, Manner(where=where))


def _told(moved: Moved, file: str, done: Outcome) -> str:
    return f"{', '.join(moved.keys) or 'nothing new'}: moved into {file}; {done.done}"


def _nothing(moved: Moved) -> Outcome:
    return Outcome("nothing to do: nothing is left to move", _kept(moved), changed=False)


def _kept(moved: Moved) -> tuple[str, ...]:
    return tuple(f"{key} stays in node.toml: cluster.toml says something else" for key in moved.kept)
