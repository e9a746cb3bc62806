"""The other box, as the menu needs it when this one joins: what it has, and taking it."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from hadaemon.config import ClusterConfig, check_cluster, load_cluster, render_cluster
from hadaemon.config.commented import commented
from hadaemon.errors import HadaemonError, in_words
from hadaemon.io.store.forms import read_form
from hadaemon.menu.actions import PeerConfiguration, PeerPort
from hadaemon.menu.steps import Failed, marked
from hadaemon.operations.activation import set_enabled
from hadaemon.operations.amend import amended
from hadaemon.operations.apply import Where, apply_text
from hadaemon.operations.asking import ask_status
from hadaemon.operations.changing import NodePaths, Outcome
from hadaemon.operations.peer import peer_of
from hadaemon.operations.sync_pair import Wish, compare_and_synchronize
from hadaemon.operations.synchronize import Comparison
from hadaemon.setup.places import Places
from hadaemon.state.configuration import load_configuration
from hadaemon.state.places import CLUSTER_FILE
from hadaemon.sync.tree import CLUSTER
from hadaemon.text.reading import read_toml

T = TypeVar("T")

_ANSWER = 45.0
_PATIENCE = 40.0
"""Seconds for the other box's server to take the new keys."""
_TRIES = 3
"""At least so many, however long each takes: while the master activates the cluster, an answer that it owes
may get lost, and that is noticed only after longer than the patience lasts."""
_ACTIVE = 120.0
"""Seconds for the master to activate the cluster, and for this node to find its place in it."""
_LOOK = 1.0
_TAKING_PART = ("active", "backup")


def read_peer(places: Places) -> PeerConfiguration | Failed:
    """As soon as it answers; and once it has a cluster."""

    def look() -> PeerConfiguration:
        with peer_of(places.state) as peer:
            tree, name = peer.read(), peer.side.name
        text = dict(tree.files).get(CLUSTER) if tree is not None else None
        if text is None:
            raise HadaemonError(marked("the other box is in no cluster: create one there first"))
        cluster = load_cluster(text.decode())
        system = cluster.system
        reach = bool(system.routes or system.dns or system.ntp or system.ssh)
        raw = read_toml(render_cluster(cluster))
        del raw["schema"]
        return PeerConfiguration(cluster.name, name, tuple(_ports(cluster)), raw, reach)

    return _patiently(look, _PATIENCE)


def _ports(cluster: ClusterConfig) -> Iterator[PeerPort]:
    """Every port that the cluster speaks of, HA interfaces first."""
    hotwire = cluster.hotwire.port if cluster.hotwire is not None else ""
    names = [interface.port for interface in cluster.ha_interfaces]
    names += [interface.address_port for interface in cluster.ha_interfaces]
    names += [group.port for group in cluster.ping_groups if group.port is not None]
    names += [route.port for route in cluster.tracked_routes if route.port is not None]
    names += [port for ports in cluster.firewall.zones.values() for port in ports]
    lines = {dial_in.port for dial_in in cluster.follow.pppoe}
    names += [*cluster.follow.ports, *sorted(lines)]
    dialled = {dial_in.name for dial_in in cluster.follow.pppoe}
    dialled |= {tunnel.name for tunnel in cluster.follow.wireguard}
    addresses = {
        interface.address_port: tuple(map(str, interface.virtual_addresses))
        for interface in cluster.ha_interfaces
    }
    for name in dict.fromkeys(names):
        if name != hotwire and name not in dialled:
            yield PeerPort(name, addresses.get(name, ()), name in lines)


def activate(places: Places) -> tuple[str, ...] | Failed:
    """On this node: the other box pulls when it joins."""
    return _applied(lambda: set_enabled(_paths(places), True, Where.AS_CONFIGURED))


def apply_cluster(raw: Mapping[str, Any], places: Places) -> tuple[str, ...] | Failed:
    """The table of a cluster.toml becomes the configuration, on both nodes if it says so; the administrator's
    comments stay."""
    form = read_form(places.state / CLUSTER_FILE)
    text = commented(render_cluster(check_cluster(dict(raw)))) if form is None else amended(form.text, raw)
    return _applied(lambda: apply_text(_paths(places), text))


def _applied(change: Callable[[], Outcome]) -> tuple[str, ...] | Failed:
    """Prints what came of it."""
    try:
        outcome = change()
    except (HadaemonError, OSError) as error:
        return Failed((marked("the configuration was not applied"), *in_words(error).splitlines()))
    print("\n".join(outcome.lines), flush=True)
    return ()


def pull(places: Places) -> tuple[str, ...] | Failed:
    """The other box's configuration, again until the cluster is enabled, and until this node takes part."""

    def look() -> None:
        if _differs(places):
            _take(places)
        cluster = load_configuration(places.state).cluster
        if cluster is None or not cluster.enabled:
            raise HadaemonError(
                marked(
                    "synchronized, but the cluster is not activated: activate it on the master, then "
                    "`sudo hactl config sync --from-peer`"
                )
            )

    failed = _patiently(look, _ACTIVE)
    if isinstance(failed, Failed):
        return failed

    def part() -> tuple[str, ...]:
        node = ask_status(places.control, _ANSWER).node
        status, sync = node.status, node.sync
        if status.state not in _TAKING_PART:
            raise HadaemonError(f"{status.node}: {status.state}: {status.reason}")
        return (
            f"{status.node}: {status.state.upper()}: {status.reason}",
            f"configuration: {sync.status.state if sync is not None else 'unknown'}",
        )

    return _patiently(part, _PATIENCE)


def _differs(places: Places) -> bool:
    mine = _paths(places).configuration().generations.head().digest
    with peer_of(places.state) as peer:
        return peer.side.head.digest != mine


def _take(places: Places) -> None:
    """The other box's configuration becomes this one's; what that changes is told afterwards."""
    changes: list[str] = []

    def may_go_on(seen: Comparison) -> bool:
        changes.extend(seen.described)
        return seen.roles is None

    try:
        came = compare_and_synchronize(_paths(places), Wish(to_peer=False), may_go_on)
        if isinstance(came, Comparison):
            raise HadaemonError(f"{came.roles}: `sudo hactl config sync --from-peer` asks first")
    except (HadaemonError, OSError) as error:
        failed = marked("the configuration was not pulled")
        raise HadaemonError(f"{failed}\n{in_words(error)}") from error
    print("\n".join((*changes, *came.lines)), flush=True)


def _paths(places: Places) -> NodePaths:
    return NodePaths(places.state, places.run, places.control)


def _patiently(look: Callable[[], T], seconds: float) -> T | Failed:
    """Again and again until it works, or time is up."""
    deadline = time.monotonic() + seconds
    tries = 0
    while True:
        tries += 1
        try:
            return look()
        except (HadaemonError, OSError) as error:
            if tries >= _TRIES and time.monotonic() > deadline:
                return Failed(tuple(in_words(error).splitlines()))
        time.sleep(_LOOK)
