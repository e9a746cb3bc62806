"""Whether a configuration names the two nodes that there are: only here both names are known."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.config.mistakes import did_you_mean
from hadaemon.config.names import unknown_master
from hadaemon.errors import HadaemonError
from hadaemon.io.store.identity import Identity
from hadaemon.operations.asking import ask_status
from hadaemon.status.hotwire import PairedHotwire
from hadaemon.sync.tree import CLUSTER

_TIME = 2.0
"""Seconds that the daemon has to say whom it hears."""


@dataclass(frozen=True, slots=True)
class Named:
    """What is said of its names, at most one of the two."""

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_names(
    node: NodeConfig,
    cluster: ClusterConfig,
    state: Path,
    control: Path | None,
    before: ClusterConfig | None = None,
) -> Named:
    """`control`: the daemon's socket. `before`: the configuration that counts, of whose names is told and not
    refused again. Raises nothing: what cannot be known is not said."""
    if {cluster.master, *cluster.nodes} <= {node.name}:
        return Named()
    heard, paired = _heard(control), _paired(state)
    peer = heard or paired
    names = (node.name, peer)
    strange = [each for each in cluster.nodes if each not in names]
    if not peer or (cluster.master in names and not strange):
        return Named()
    if strange:
        hint = did_you_mean(strange[0], names, "they are")
        said = f'{CLUSTER}: nodes: "{strange[0]}" is the name of no node: {hint}'
        # With tables for both nodes nothing is missing: one of them is about to get that name.
        known = {*names} <= {*cluster.nodes} or (before is not None and strange[0] in before.nodes)
    else:
        said = f"{CLUSTER}: master: {unknown_master(cluster.master, names)}"
        known = before is not None and cluster.master == before.master
    if not heard:
        said = (
            f"{said}; the other node was called {peer} when the two were paired, and is not heard now: if it "
            "has another name since, connect the hotwire first"
        )
    return Named(notes=(said,)) if known else Named(problems=(said,))


def _heard(control: Path | None) -> str:
    """The other node's name as it says itself; empty: it is not heard."""
    if control is None:
        return ""
    try:
        hotwire = ask_status(control, _TIME).node.hotwire
    except HadaemonError:
        return ""
    if not isinstance(hotwire, PairedHotwire) or hotwire.peer is None:
        return ""
    return hotwire.peer.peer.name


def _paired(state: Path) -> str:
    """Its name when the nodes were paired; empty: they are not, or this is not for the user to know."""
    try:
        key = Identity(state).peer()
    except HadaemonError:
        return ""
    return key.node if key is not None else ""
