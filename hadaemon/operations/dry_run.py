"""The whole new configuration, checked against this node before anything of it counts."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.errors import HadaemonError
from hadaemon.io.store.forms import read_form
from hadaemon.operations.names import Named, check_names
from hadaemon.state.configuration import check_texts
from hadaemon.state.firewall_check import tree_problems
from hadaemon.state.network_lists import tree_lists
from hadaemon.state.notes import notes_of
from hadaemon.state.own_programs import program_problems
from hadaemon.state.places import NODE_FILE
from hadaemon.state.programs_check import Found, ask_programs, tree_haproxy
from hadaemon.state.services_check import missing_units
from hadaemon.sync.errors import SyncError
from hadaemon.sync.tree import CLUSTER, Tree


class Refused(HadaemonError):
    """This node cannot run the configuration; `problems` has every reason."""

    def __init__(self, node: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"{node} refuses the configuration; nothing was changed")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Checked:
    """A configuration that this node can run."""

    node: NodeConfig
    cluster: ClusterConfig
    notes: tuple[str, ...]
    """What the administrator should know."""


def dry_run(tree: Tree, present: Tree | None, state: Path, control: Path | None = None) -> Checked:
    """Schema, ports, addresses and names of this pair; then nftables and the programs that will read it.
    `control`: the daemon's socket, to ask for the other node's name. Raises Refused."""
    node = read_form(state / NODE_FILE)
    if node is None:
        raise Refused("this node", (f"{state / NODE_FILE}: there is none: the node is not configured yet",))
    node_file = str(state / NODE_FILE)
    checked = check_texts(node.text, _text(tree), node_file, CLUSTER, lists=tree_lists(tree))
    problems = checked.problems
    before, named, asked = _before(present, node.text), Named(), Found()
    if checked.node is not None and checked.cluster is not None:
        named = check_names(checked.node, checked.cluster, state, control, before)
        asked = ask_programs(checked.node, checked.cluster, tree_haproxy(tree))
        problems += (
            *named.problems,
            *missing_units(checked.cluster),
            *program_problems(checked.cluster, tree.get),
            *asked.problems,
            *tree_problems(checked.node, checked.cluster, tree),
        )
    name = checked.node.name if checked.node is not None else "this node"
    if problems or checked.node is None or checked.cluster is None:
        raise Refused(name, problems)
    notes = (
        *named.notes,
        *_notes(checked.node, checked.cluster, before),
        *notes_of(checked.node, checked.cluster),
        *asked.notes,
    )
    return Checked(checked.node, checked.cluster, notes)


def master_of(tree: Tree | None, state: Path) -> str:
    """Whom the configuration names as the master; empty: nobody, or it is wrong."""
    node = read_form(state / NODE_FILE)
    if tree is None or node is None:
        return ""
    cluster = _before(tree, node.text)
    return cluster.master if cluster is not None else ""


def _before(present: Tree | None, node_text: str) -> ClusterConfig | None:
    if present is None:
        return None
    try:
        return check_texts(node_text, _text(present), NODE_FILE, CLUSTER).cluster
    except SyncError:
        return None


def _text(tree: Tree) -> str:
    try:
        return tree.cluster.decode()
    except UnicodeDecodeError as error:
        raise SyncError(f"{CLUSTER}: not UTF-8 text at byte {error.start}: save it as UTF-8") from error


def _notes(node: NodeConfig, cluster: ClusterConfig, before: ClusterConfig | None) -> tuple[str, ...]:
    """An interface that is new here has what the cluster gives it, and nothing else."""
    known = {interface.port for interface in before.ha_interfaces} if before is not None else set()
    known |= {cluster.hotwire.port} if cluster.hotwire is not None else set()
    return tuple(
        f"{node.name}: the new HA interface {interface.port} has no own address: if it needs one, add it to "
        f"ports.{interface.port}.addresses of {node.name}'s node.toml"
        for interface in cluster.ha_interfaces
        if interface.port not in known and not node.ports[interface.port].addresses
    )
