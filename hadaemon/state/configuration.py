"""What the files in the state folder amount to: a node to run, or the reasons why none can be run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hadaemon.config import (
    ClusterConfig,
    ConfigError,
    NodeConfig,
    System,
    check_pair,
    load_cluster,
    load_node,
    shared_ports,
)
from hadaemon.config.hotwire_keys import Secret, parse_secret
from hadaemon.config.objects import Lists
from hadaemon.config.values import host_name
from hadaemon.errors import HadaemonError
from hadaemon.firewall.snippets import Snippet, snippet_problems
from hadaemon.io.errors import FileError
from hadaemon.io.store.files import read_text
from hadaemon.io.store.forms import read_form
from hadaemon.io.store.haproxy_files import read_haproxy
from hadaemon.io.store.list_files import read_lists
from hadaemon.io.store.snippet_files import read_snippets
from hadaemon.state.places import CLUSTER_FILE, HOTWIRE_KEY_FILE, HOTWIRE_NAME_FILE, NODE_FILE
from hadaemon.status.states import Condition


@dataclass(frozen=True, slots=True)
class Configuration:
    """The files as one value. `node` and `cluster` are set as far as `condition` says."""

    condition: Condition
    node: NodeConfig | None = None
    cluster: ClusterConfig | None = None
    problems: tuple[str, ...] = ()
    hotwire_secret: Secret | None = None
    """None: the two nodes are not paired."""
    snippets: tuple[Snippet, ...] = ()
    """The administrator's own rules, which belong to cluster.toml."""
    haproxy: Mapping[str, str] = field(default_factory=dict)
    """The administrator's part of HAProxy's configuration, by file name. It belongs to cluster.toml too."""

    @property
    def system(self) -> System:
        """Those settings that count, of those that both files may have."""
        own = self.node.system if self.node is not None else System()
        return own if self.cluster is None else own.over(self.cluster.system)


def load_configuration(state: Path, setup_problems: Path | None = None) -> Configuration:
    """Reads and validates everything before anything is used; every problem at once.

    `setup_problems` is where the setup at boot left what was wrong with a preseed, one problem a line.
    """
    try:
        node, cluster = read_form(state / NODE_FILE), read_form(state / CLUSTER_FILE)
        hints = read_text(setup_problems) if setup_problems else None
        snippets = read_snippets(state) if cluster is not None else ()
        lists = read_lists(state) if cluster is not None else {}
        haproxy = read_haproxy(state) if cluster is not None else {}
    except HadaemonError as error:
        return Configuration(Condition.REFUSED, problems=(str(error),))
    if node is None:
        return Configuration(Condition.UNCONFIGURED, problems=tuple((hints or "").splitlines()))
    files = str(state / NODE_FILE), str(state / CLUSTER_FILE)
    found = check_texts(node.text, cluster.text if cluster is not None else None, *files, snippets, lists)
    notes = tuple(form.note for form in (node, cluster) if form is not None and form.note)
    found = replace(found, problems=(*found.problems, *notes))
    if found.cluster is not None:
        found = replace(found, haproxy=haproxy)
    try:
        if found.node is not None:
            found = replace(found, node=replace(found.node, paired_as=_read_name(state / HOTWIRE_NAME_FILE)))
        return replace(found, hotwire_secret=_read_secret(state / HOTWIRE_KEY_FILE))
    except HadaemonError as error:
        # Only the hotwire needs it.
        return replace(found, problems=(*found.problems, str(error)))


def _read_secret(path: Path) -> Secret | None:
    text = read_text(path)
    try:
        return parse_secret(text) if text is not None else None
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error


def _read_name(path: Path) -> str:
    text = read_text(path)
    try:
        return host_name(text.strip()) if text is not None else ""
    except ValueError as error:
        raise FileError(f"{path}: {error}: pair the nodes anew (`hactl pair`)") from error


def check_texts(
    node_text: str,
    cluster_text: str | None,
    node_file: str,
    cluster_file: str,
    snippets: tuple[Snippet, ...] = (),
    lists: Lists | None = None,
) -> Configuration:
    """Validates the two texts alone and against each other, and what belongs to them. `lists`: those that
    [networks] may name; None: they are not looked at."""
    problems: list[str] = []
    node: NodeConfig | None = None
    cluster: ClusterConfig | None = None
    try:
        node = load_node(node_text, node_file, shared_ports(node_text, cluster_text, cluster_file))
    except ConfigError as error:
        problems += map(str, error.mistakes)
    try:
        name = node.name if node is not None else ""
        if cluster_text is not None:
            cluster = load_cluster(cluster_text, cluster_file, name, lists)
        if node is not None and cluster is not None:
            check_pair(node, cluster, cluster_file, node_file)
    except ConfigError as error:
        problems += map(str, error.mistakes)
    problems += snippet_problems(snippets, cluster.variables if cluster is not None else {})
    if node is None or problems:
        return Configuration(Condition.REFUSED, node, None, tuple(problems))
    if cluster is None:
        return Configuration(Condition.STAND_ALONE, node)
    return Configuration(Condition.CLUSTER, node, cluster, snippets=snippets)
