"""Would these files be accepted as a node's configuration? Nothing is applied."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.io.store.haproxy_files import read_haproxy
from hadaemon.io.store.list_files import read_lists
from hadaemon.io.store.program_files import read_program
from hadaemon.io.store.snippet_files import read_snippets
from hadaemon.operations.names import Named, check_names
from hadaemon.state.configuration import check_texts
from hadaemon.state.firewall_check import try_configuration
from hadaemon.status.states import Condition


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found."""

    problems: tuple[str, ...]
    """Empty: they would be."""
    notes: tuple[str, ...]
    """What the administrator should know."""


def check_files(node: Path, cluster: Path, control: Path | None = None) -> Findings:
    """Without the file of a cluster the node stands alone. `control`: the daemon's socket, to ask for the
    other node's name. Raises FileError: there is no file of a node."""
    node_text, cluster_text = read_text(node), read_text(cluster)
    if node_text is None:
        raise FileError(
            f"{node}: there is no such file: a node that is not set up has none; --node names another"
        )
    snippets, lists = read_snippets(cluster.parent), read_lists(cluster.parent)
    checked = check_texts(node_text, cluster_text, str(node), str(cluster), snippets, lists)
    if checked.condition is Condition.REFUSED:
        return Findings(checked.problems, ())
    named = Named()
    if checked.node is not None and checked.cluster is not None:
        named = check_names(checked.node, checked.cluster, node.parent, control)
    problems, notes = try_configuration(
        checked, read_haproxy(cluster.parent), partial(read_program, cluster.parent)
    )
    return Findings((*named.problems, *problems), (*named.notes, *notes))
