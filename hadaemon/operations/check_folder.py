"""The files of a whole cluster in one folder, checked as its nodes would, before any node has them.

The folder is what an administrator keeps under version control: `cluster.toml` and `cluster.d/` as on the
nodes, and of each node its `node.toml`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hadaemon.config import ClusterConfig, ConfigError, NodeConfig, load_cluster
from hadaemon.config.load import parse
from hadaemon.config.objects import Lists
from hadaemon.errors import HadaemonError
from hadaemon.firewall.snippets import Snippet
from hadaemon.io.errors import FileError
from hadaemon.io.programs.nft import NftMissing
from hadaemon.io.store.files import read_text
from hadaemon.io.store.trees import read_tree
from hadaemon.state.both_nodes import both_notes, both_problems
from hadaemon.state.configuration import check_texts
from hadaemon.state.firewall_check import rule_problems, tree_snippets
from hadaemon.state.network_lists import tree_lists
from hadaemon.state.notes import notes_of
from hadaemon.state.own_programs import program_problems
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.state.programs_check import ask_programs, tree_haproxy
from hadaemon.sync.redact import public_tree
from hadaemon.sync.tree import FILES

LAYOUT = f"{CLUSTER_FILE} and {FILES}/ as on the nodes, and of each node NAME/{NODE_FILE} or NAME.{NODE_FILE}"
_LAB_FILE = "lab.toml"
"""What is around the pair in a lab (`python3 invoke.py pair --setup`); no node has it."""
_SUFFIX = f".{NODE_FILE}"
_NODES = 2


@dataclass(frozen=True, slots=True)
class NodeFile:
    """The file of one node."""

    path: Path
    named: str
    """What the folder or the file's own name says whose it is; empty: nothing."""


@dataclass(slots=True)
class FolderFindings:
    """What was found. Good: there are no problems."""

    nodes: list[str] = field(default_factory=list)
    """The names of the nodes whose files could be read."""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the administrator should know."""
    cluster: str = ""
    """Its name; empty: there is none, or it is wrong. Also of what follows."""
    master: str = ""
    has_hotwire: bool = False
    logins: dict[str, list[str]] = field(default_factory=dict)
    """By node where administrators may log in: an own address and a TCP port each, as `192.0.2.7 22`."""
    own: dict[str, object] = field(default_factory=dict)
    """By node the values of its node.toml, secrets hidden."""


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """What both nodes have."""

    cluster: str | None = None
    """The text of cluster.toml."""
    snippets: tuple[Snippet, ...] = ()
    haproxy: Mapping[str, str] = field(default_factory=dict)
    """The administrator's part of its configuration, by file name."""
    lists: Lists = field(default_factory=dict)
    programs: Mapping[str, bytes] = field(default_factory=dict)
    """What belongs to cluster.toml, by path."""


def check_folder(folder: Path) -> FolderFindings:
    """Raises nothing: a folder that is not there is a problem like any other."""
    found = FolderFindings()
    try:
        files = _files(folder, found)
    except HadaemonError as error:
        found.problems.append(str(error))
        return found
    shared = _shared(folder, found)
    read = list(_nodes(files, shared, folder / CLUSTER_FILE, found))
    cluster = _cluster(shared, str(folder / CLUSTER_FILE), found)
    found.nodes += [node.name for _, node in read]
    if cluster is not None:
        found.cluster, found.master = cluster.name, cluster.master
        found.has_hotwire = cluster.hotwire is not None
    for file, node in read:
        found.logins[node.name] = list(_logins(node, cluster))
        found.own[node.name] = public_tree(parse(read_text(Path(file)) or "", file))
    if len(read) == _NODES == len(files):
        found.problems += both_problems(read[0], read[1], cluster, str(folder / CLUSTER_FILE))
        found.notes += both_notes(read[0], read[1])
    if cluster is not None:
        found.problems += program_problems(cluster, shared.programs.get)
    if not found.problems:
        found.notes += dict.fromkeys(
            note.replace(f"{NODE_FILE}:", f"{file}:", 1) if note.startswith(f"{NODE_FILE}:") else note
            for file, node in read
            for note in notes_of(node, cluster)
        )
        nodes = [node for _, node in read]
        _try_rules(nodes, cluster, shared.snippets, found)
        _ask_programs(nodes, cluster, shared.haproxy, found)
    found.problems[:] = dict.fromkeys(found.problems)
    return found


def _logins(node: NodeConfig, cluster: ClusterConfig | None) -> Iterator[str]:
    ssh = (node.system if cluster is None else node.system.over(cluster.system)).ssh
    if ssh is None:
        return
    for port in ssh.ports:
        for address in node.ports[port].addresses if port in node.ports else ():
            yield f"{address.ip} {ssh.tcp_port}"


def _files(folder: Path, found: FolderFindings) -> tuple[NodeFile, ...]:
    """Raises FileError: there is no folder, or nothing in it."""
    if not folder.is_dir():
        raise FileError(f"{folder}: {'is no folder' if folder.exists() else 'there is no such folder'}")
    try:
        names = sorted(entry.name for entry in folder.iterdir())
        files = tuple(_node_files(folder, names))
    except OSError as error:
        raise FileError(f"{folder}: cannot be read: {error.strerror}") from error
    if not files and CLUSTER_FILE not in names and FILES not in names:
        raise FileError(f"{folder}: there is nothing to check in it: expected are {LAYOUT}")
    known = {CLUSTER_FILE, _LAB_FILE, *(file.path.name for file in files)}
    astray = [name for name in names if name.endswith(".toml") and name not in known]
    found.notes += [f"{folder / name}: is not read: read are {LAYOUT}" for name in astray]
    if not files:
        found.problems.append(f"{folder}: has no file of a node: write NAME/{NODE_FILE} or NAME{_SUFFIX}")
    elif len(files) > _NODES:
        those = ", ".join(str(file.path) for file in files)
        found.problems.append(f"{folder}: has {len(files)} nodes, and a cluster has two: {those}")
    elif len(files) < _NODES and CLUSTER_FILE in names:
        found.notes.append(f"{folder}: has the file of one node only: the other one is not checked")
    return files


def _node_files(folder: Path, names: Sequence[str]) -> Iterator[NodeFile]:
    for name in names:
        path = folder / name
        if name == NODE_FILE:
            yield NodeFile(path, "")
        elif name.endswith(_SUFFIX):
            yield NodeFile(path, name.removesuffix(_SUFFIX))
        elif name != FILES and path.is_dir() and (path / NODE_FILE).exists():
            yield NodeFile(path / NODE_FILE, name)


def _shared(folder: Path, found: FolderFindings) -> SharedFiles:
    """Nothing, if there is no cluster.toml that can be read."""
    if not (folder / CLUSTER_FILE).exists() and not (folder / FILES).exists():
        found.notes.append(f"without {folder / CLUSTER_FILE} each node stands alone")
        return SharedFiles()
    try:
        tree = read_tree(folder)
        snippets, problems = tree_snippets(tree)
        found.problems += problems
        text = read_text(folder / CLUSTER_FILE)
        return SharedFiles(text, snippets, tree_haproxy(tree), tree_lists(tree), tree.belonging)
    except HadaemonError as error:
        found.problems.append(str(error))
        return SharedFiles()


def _nodes(
    files: Sequence[NodeFile], shared: SharedFiles, cluster_file: Path, found: FolderFindings
) -> Iterator[tuple[str, NodeConfig]]:
    """Those that can be read, alone; each is also checked against the cluster, as the node does."""
    for file in files:
        try:
            text = read_text(file.path) or ""
        except HadaemonError as error:
            found.problems.append(str(error))
            continue
        places = str(file.path), str(cluster_file)
        checked = check_texts(text, shared.cluster, *places, shared.snippets, shared.lists)
        found.problems += checked.problems
        if checked.node is None:
            continue
        if file.named not in ("", checked.node.name):
            found.notes.append(
                f"{file.path}: name: is {checked.node.name}, and the file is kept as {file.named}"
            )
        yield str(file.path), checked.node


def _cluster(shared: SharedFiles, file: str, found: FolderFindings) -> ClusterConfig | None:
    """None: there is none, or it is wrong."""
    if shared.cluster is None:
        return None
    try:
        return load_cluster(shared.cluster, file, lists=shared.lists)
    except ConfigError as error:
        found.problems += map(str, error.mistakes)
        return None


def _try_rules(
    nodes: Sequence[NodeConfig],
    cluster: ClusterConfig | None,
    snippets: Sequence[Snippet],
    found: FolderFindings,
) -> None:
    """As nftables would take them on each node."""
    try:
        said = [rule_problems(node, cluster, snippets) for node in nodes]
    except NftMissing as error:
        what = "the snippets and the rules" if snippets else "the rules"
        found.notes.append(f"{what} of the firewall were not tried with nftables: {error}")
        return
    found.problems += _told(nodes, said)


def _ask_programs(
    nodes: Sequence[NodeConfig],
    cluster: ClusterConfig | None,
    haproxy: Mapping[str, str],
    found: FolderFindings,
) -> None:
    """Those that are on this machine, as each node would ask them."""
    asked = [ask_programs(node, cluster, haproxy) for node in nodes]
    found.problems += _told(nodes, [each.problems for each in asked])
    found.notes += dict.fromkeys(note for each in asked for note in each.notes)


def _told(nodes: Sequence[NodeConfig], said: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """What is refused on one of them only is told with its name."""
    for node, problems in zip(nodes, said, strict=True):
        everywhere = all(problems == others for others in said)
        yield from problems if everywhere else (f"node {node.name}: {each}" for each in problems)
