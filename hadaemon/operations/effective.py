"""Every value that counts on this node, and where it comes from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig, System, render_cluster, render_node
from hadaemon.config.nodes import NODES
from hadaemon.errors import HadaemonError
from hadaemon.io.store.forms import read_form
from hadaemon.state.configuration import load_configuration
from hadaemon.state.places import CLUSTER_FILE, NODE_FILE
from hadaemon.sync.redact import HIDDEN, flat, is_secret, printable
from hadaemon.text.reading import read_toml

DEFAULT = "default"
"""Where a value comes from that no file gives."""
_SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class Value:
    """One that counts."""

    key: str
    value: str
    """As TOML has it, (secret) if it is one."""
    origin: str
    """The file, and the key in it if that is another one; or DEFAULT."""


@dataclass(frozen=True, slots=True)
class Effective:
    """All of them."""

    node: tuple[Value, ...]
    """By the keys of node.toml."""
    cluster: tuple[Value, ...]
    """By those of cluster.toml."""


def effective(state: Path) -> Effective:
    """Raises HadaemonError: the files are not good."""
    found = load_configuration(state)
    if found.node is None or (found.cluster is None and read_form(state / CLUSTER_FILE) is not None):
        raise HadaemonError("\n".join(found.problems) or f"there is no {state / NODE_FILE}: `hactl menu`")
    node_form, cluster_form = read_form(state / NODE_FILE), read_form(state / CLUSTER_FILE)
    node_text = node_form.text if node_form is not None else ""
    cluster_text = cluster_form.text if cluster_form is not None else ""
    own, shared = _said(node_text), _said(cluster_text)
    return Effective(
        tuple(_of_node(found.node, found.cluster, own, shared)),
        tuple(_of_cluster(found.cluster, shared)) if found.cluster is not None else (),
    )


def _of_node(
    node: NodeConfig, cluster: ClusterConfig | None, own: Mapping[str, object], shared: Mapping[str, object]
) -> Iterator[Value]:
    system = node.system.over(cluster.system if cluster is not None else System())
    for key, value in _rendered(render_node(replace(node, system=system))):
        yield Value(key, value, _origin_of_own(key, node, own, shared))


def _of_cluster(cluster: ClusterConfig, shared: Mapping[str, object]) -> Iterator[Value]:
    for key, value in _rendered(render_cluster(replace(cluster, system=System()))):
        yield Value(key, value, _origin_of_shared(key, shared, cluster))


def _origin_of_own(
    key: str, node: NodeConfig, own: Mapping[str, object], shared: Mapping[str, object]
) -> str:
    place = node.shared.places.get(key)
    if place is not None:
        return f"{CLUSTER_FILE}: {place}"
    for name, routes in (("routes", node.system.routes), ("policy_routes", node.system.policy_routes)):
        if key.startswith(f"{name}["):
            index = int(key[len(name) + 1 : key.index("]")])
            return _within(key, NODE_FILE, own) if index < len(routes) else f"{CLUSTER_FILE}: {name}"
    table = key.partition(".")[0]
    if table in own or any(each.startswith(f"{table}.") for each in own):
        return _within(key, NODE_FILE, own)
    return _within(key, CLUSTER_FILE, shared)


def _origin_of_shared(key: str, shared: Mapping[str, object], cluster: ClusterConfig) -> str:
    origin = _within(key, CLUSTER_FILE, shared)
    if cluster.variables and "${" in str(shared.get(key, "")):
        return f"{origin}, with {NODES}.{cluster.variables['node']}.variables"
    return origin


def _within(key: str, file: str, said: Mapping[str, object]) -> str:
    return file if key in said else DEFAULT


def _said(text: str) -> Mapping[str, object]:
    return dict(flat(read_toml(text)))


def _rendered(text: str) -> Iterator[tuple[str, str]]:
    for key, value in flat(read_toml(text)):
        if key != _SCHEMA:
            yield key, HIDDEN if is_secret(key) else printable(json.dumps(value, ensure_ascii=False))
