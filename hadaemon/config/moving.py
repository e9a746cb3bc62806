"""What is said of a node's ports, moved from node.toml into cluster.toml and back. Pure.

The node has the same before and after: who reads both files meanwhile sees a value twice, and no other one.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hadaemon.config.migrate import Raw
from hadaemon.config.nodes import ADDRESSES, NODES, PORTS, Shared

_DEFINED = ("parent", "vlan", "bond_mode")
"""What both nodes share of a port; the rest belongs to network cards."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Both files as they are to be."""

    node: Raw
    cluster: Raw
    keys: tuple[str, ...]
    """What has moved, by the keys of node.toml."""
    kept: tuple[str, ...] = ()
    """What stays, because cluster.toml says something else."""


def to_cluster(node: Raw, cluster: Raw) -> Moved:
    """Own addresses, VLANs and the kinds of bonds."""
    node, cluster = deepcopy(node), deepcopy(cluster)
    name, own = str(node.get("name")), _table(node, PORTS)
    moved, kept = [], []
    for port, keys in [*own.items()]:
        for key in [each for each in (*_DEFINED, ADDRESSES) if keys.get(each)]:
            if key == ADDRESSES:
                place, there = _table(cluster, NODES, name, ADDRESSES), port
            else:
                place, there = _table(cluster, PORTS, port), key
            if place.setdefault(there, keys[key]) == keys[key]:
                del keys[key]
                moved.append(f"{PORTS}.{port}.{key}")
            else:
                kept.append(f"{PORTS}.{port}.{key}")
        if keys.get(ADDRESSES) == []:
            del keys[ADDRESSES]
        if not keys:
            del own[port]
    return Moved(node, cluster, tuple(moved), tuple(kept))


def to_node(node: Raw, cluster: Raw, shared: Shared) -> Moved:
    """All that cluster.toml says of this node's ports. What both nodes share of a port stays there too, for
    the other one."""
    node, cluster = deepcopy(node), deepcopy(cluster)
    moved = []
    for port, keys in shared.ports.items():
        for key, value in keys.items():
            own = _table(node, PORTS, port)
            if key not in own:
                own[key] = value
                moved.append(f"{PORTS}.{port}.{key}")
    name = str(node.get("name"))
    if name in _table(cluster, NODES):
        _table(cluster, NODES, name).pop(ADDRESSES, None)
    if not _table(cluster, NODES):
        del cluster[NODES]
    return Moved(node, cluster, tuple(moved))


def _table(raw: Any, *path: str) -> dict[str, Any]:
    """The table at a path, made if there is none. Both files are good: no other value is there."""
    for key in path:
        raw = raw.setdefault(key, {})
    assert isinstance(raw, dict)
    return raw
