"""The answer to `status`: the node's own words and what only the edge knows. hactl only renders it."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hadaemon.cluster import NodeState, NodeStatus, outside_status
from hadaemon.cluster.report import is_peer_dead
from hadaemon.cluster.witness import WitnessState
from hadaemon.config import Port
from hadaemon.daemon.hotwire.status import HotwireState
from hadaemon.daemon.hotwire.vitals import DIGITS
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.session import Session
from hadaemon.io.kernel.links import STACKED_KINDS, Link
from hadaemon.io.sockets.control_client import Message
from hadaemon.problems import Problem, kinds, unnamed
from hadaemon.problems.problem import as_json
from hadaemon.state.configuration import Condition, Configuration
from hadaemon.state.release import Release
from hadaemon.sync.head import Head, sync_status
from hadaemon.upgrade.agreement import agreement
from hadaemon.upgrade.trial import Check

SCHEMA = 2
"""Raised when a field changes its meaning or goes; new fields do not raise it."""
_NOTHING = Head()

_REASONS = {
    Condition.STAND_ALONE: "there is no cluster.toml: this node stands alone",
    Condition.UNCONFIGURED: "not configured: there is no node.toml",
    Condition.REFUSED: "the configuration was refused",
    Condition.CLUSTER: "the cluster has not been started",
}


def report(
    configuration: Configuration,
    session: Session | None,
    network: Network,
    release: Release,
    problems: tuple[Problem, ...] = (),
    head: Head = _NOTHING,
    conntrack: Message | None = None,
    services: Sequence[Message] = (),
    failing: Mapping[Check, str] = MappingProxyType({}),
    on_trial: bool = False,
    upgrade: Message | None = None,
) -> Message:
    """Everything there is to tell. `problems` are the daemon's own, beside the node's."""
    status = session.status() if session is not None else _outside(configuration)
    node = session.node_config if session is not None else configuration.node
    ports = node.ports.values() if node is not None else ()
    found = (*status.problems, *problems)
    if session is not None:
        edge = session.problems(is_peer_dead(status.state, status.peer, _witness(status)))
        found = (*status.problems, *edge, *_wrong(configuration), *problems)
    hotwire = session.hotwire.status() if session is not None else None
    return {
        "ok": True,
        "schema": SCHEMA,
        "configuration": configuration.condition,
        "status": dataclasses.asdict(dataclasses.replace(status, problems=()))
        | {"problems": [as_json(problem) for problem in found]},
        "ports": [_port(port, network) for port in ports],
        "hotwire": hotwire,
        "conntrack": conntrack,
        "services": services,
        "sync": _sync(hotwire, head),
        "unbound": _unbound({mac for port in ports for mac in port.cards}, network),
        "firmware": dataclasses.asdict(release)
        | {"failing": dict(failing), "on_trial": on_trial, "pair": _pair(hotwire, release)},
        "upgrade": upgrade,
        "pid": os.getpid(),
    }


def _sync(hotwire: Message | None, own: Head) -> Message | None:
    """Whether both nodes have the same configuration, by the peer's own heartbeats; None: no hotwire."""
    if hotwire is None:
        return None
    own = dataclasses.replace(own, digest=own.digest[:DIGITS])
    told = hotwire.get("peer") if hotwire["state"] == HotwireState.UP else None
    peer = Head(own.cluster_id, told["generation"] or 0, told["configuration"]) if told else None
    return dataclasses.asdict(sync_status(hotwire["state"] != HotwireState.NOT_PAIRED, own, peer)) | {
        "generation": own.generation
    }


def _pair(hotwire: Message | None, release: Release) -> Message | None:
    """Whether both nodes run the same firmware; None: no hotwire."""
    if hotwire is None:
        return None
    peer = hotwire.get("peer") if hotwire["state"] == HotwireState.UP else None
    return dataclasses.asdict(agreement(release.version, peer and peer["firmware"]))


def _outside(configuration: Configuration) -> NodeStatus:
    name = configuration.node.name if configuration.node is not None else os.uname().nodename
    return outside_status(name, NodeState.OFF, _REASONS[configuration.condition], _wrong(configuration))


def _wrong(configuration: Configuration) -> tuple[Problem, ...]:
    """What is wrong with the files; with those of a configuration that is in use, only notes are."""
    if configuration.condition is Condition.REFUSED:
        return tuple(Problem(kinds.CONFIGURATION, "", text) for text in configuration.problems)
    return tuple(unnamed("configuration", text) for text in configuration.problems)


def _witness(status: NodeStatus) -> WitnessState | None:
    return WitnessState(status.hotwire.state) if status.hotwire is not None else None


def _port(port: Port, network: Network) -> Message:
    """A configured port and the link that it is."""
    link = network.table.find(port.mac, port.vlan, port.bonded)
    return {
        "port": port.name,
        "mac": port.mac,
        "interface": link.name if link is not None else None,
        "driver": network.hardware(link.name).driver if link is not None else "",
        "carrier": link.carrier if link is not None else False,
        "addresses": _addresses(link, network),
    }


def _unbound(macs: set[str], network: Network) -> list[Message]:
    """Hardware that no port is bound to: what to look at when a port is absent."""
    bound = {link.index for mac in macs if (link := network.table.find(mac)) is not None}
    return [
        {
            "interface": link.name,
            "mac": link.permanent_mac or link.mac,
            **dataclasses.asdict(network.hardware(link.name)),
            "carrier": link.carrier,
        }
        for link in network.table.links()
        if link.index not in bound and link.name != "lo" and link.kind not in STACKED_KINDS
    ]


def _addresses(link: Link | None, network: Network) -> list[Message]:
    if link is None:
        return []
    present = network.table.addresses(link.index)
    return [{"address": str(address.interface), "virtual": address.virtual} for address in present]
