"""What the node tells of itself: the node's own words and what only the edge knows. hactl only renders it."""

import dataclasses
import os
from dataclasses import dataclass

from hadaemon.cluster import NodeState, NodeStatus, outside_status
from hadaemon.cluster.report import is_peer_dead
from hadaemon.cluster.witness import WitnessState
from hadaemon.config import Port
from hadaemon.daemon.health.health import Health
from hadaemon.daemon.health.probation import Probation
from hadaemon.daemon.hotwire.vitals import DIGITS
from hadaemon.daemon.own_head import OwnHead
from hadaemon.daemon.part import Parts
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.services.conntrack import Conntrack
from hadaemon.daemon.services.following import Following
from hadaemon.daemon.today import Today
from hadaemon.daemon.upgrade.upgrade import Upgrade
from hadaemon.io.kernel.links import STACKED_KINDS, Link
from hadaemon.problems import Problem, kinds, unnamed
from hadaemon.state.configuration import Configuration
from hadaemon.state.release import Release
from hadaemon.status.hotwire import Hotwire, HotwireState, PairedHotwire
from hadaemon.status.pair import judged
from hadaemon.status.parts import (
    AddressStatus,
    CardStatus,
    ConfigurationSync,
    FirmwareStatus,
    PortStatus,
)
from hadaemon.status.report import Vitals
from hadaemon.status.states import Condition
from hadaemon.status.status import Status
from hadaemon.sync.head import Head, sync_status
from hadaemon.upgrade.agreement import Agreement, agreement

_REASONS = {
    Condition.STAND_ALONE: "there is no cluster.toml: this node stands alone",
    Condition.UNCONFIGURED: "not configured: there is no node.toml",
    Condition.REFUSED: "the configuration was refused",
    Condition.CLUSTER: "the cluster has not been started",
}


@dataclass(frozen=True, slots=True)
class Reporter:
    """Whoever knows something of it."""

    today: Today
    release: Release
    parts: Parts
    network: Network
    head: OwnHead
    conntrack: Conntrack
    following: Following
    health: Health
    probation: Probation
    upgrade: Upgrade

    def status(self) -> Status:
        """Everything there is to tell, now."""
        session, configuration = self.today.session, self.today.configuration
        node = session.node_config if session is not None else configuration.node
        ports = tuple(node.ports.values()) if node is not None else ()
        hotwire = session.hotwire.status() if session is not None else None
        status = Status(
            configuration=configuration.condition,
            status=self._node_status(),
            ports=tuple(_port(port, self.network) for port in ports),
            hotwire=hotwire,
            conntrack=self.conntrack.status(),
            services=self.following.status(),
            sync=_sync(hotwire, self.head.now()),
            unbound=_unbound({mac for port in ports for mac in port.cards}, self.network),
            firmware=FirmwareStatus(
                version=self.release.version,
                slot=self.release.slot,
                failing=self.health.failing(),
                on_trial=self.probation.trial is not None,
                pair=_pair(hotwire, self.release),
            ),
            upgrade=self.upgrade.status(),
            pid=os.getpid(),
        )
        return judged(status)

    def _node_status(self) -> NodeStatus:
        """With all problems: the node's, those of its session and its files, and those of the parts."""
        session, configuration = self.today.session, self.today.configuration
        if session is None:
            status = _outside(configuration)
            return dataclasses.replace(status, problems=(*status.problems, *self.parts.problems))
        status = session.status()
        edge = session.problems(is_peer_dead(status.state, status.peer, _witness(status)))
        problems = (*status.problems, *edge, *_wrong(configuration), *self.parts.problems)
        return dataclasses.replace(status, problems=problems)


def _sync(hotwire: Hotwire | None, own: Head) -> ConfigurationSync | None:
    """Whether both nodes have the same configuration, by the peer's own heartbeats; None: no hotwire."""
    if hotwire is None:
        return None
    short, vitals = dataclasses.replace(own, digest=own.digest[:DIGITS]), _vitals(hotwire)
    peer = Head(own.cluster_id, vitals.generation or 0, vitals.configuration) if vitals is not None else None
    paired = hotwire.state is not HotwireState.NOT_PAIRED
    return ConfigurationSync(sync_status(paired, short, peer), own.generation)


def _pair(hotwire: Hotwire | None, release: Release) -> Agreement | None:
    """Whether both nodes run the same firmware; None: no hotwire."""
    if hotwire is None:
        return None
    vitals = _vitals(hotwire)
    return agreement(release.version, vitals.firmware if vitals is not None else None)


def _vitals(hotwire: Hotwire) -> Vitals | None:
    """Of the other node, if it is heard."""
    if not isinstance(hotwire, PairedHotwire) or hotwire.state is not HotwireState.UP:
        return None
    return hotwire.peer.vitals if hotwire.peer is not None else None


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


def _port(port: Port, network: Network) -> PortStatus:
    """A configured port and the link that it is."""
    link = network.table.find(port.mac, port.vlan, port.bonded)
    return PortStatus(
        port=port.name,
        mac=port.mac,
        interface=link.name if link is not None else None,
        driver=network.hardware(link.name).driver if link is not None else "",
        carrier=link.carrier if link is not None else False,
        addresses=_addresses(link, network),
    )


def _unbound(macs: set[str], network: Network) -> tuple[CardStatus, ...]:
    """Hardware that no port is bound to: what to look at when a port is absent."""
    bound = {link.index for mac in macs if (link := network.table.find(mac)) is not None}
    free = (
        link
        for link in network.table.links()
        if link.index not in bound and link.name != "lo" and link.kind not in STACKED_KINDS
    )
    return tuple(_card(link, network) for link in free)


def _card(link: Link, network: Network) -> CardStatus:
    hardware = network.hardware(link.name)
    return CardStatus(link.name, link.permanent_mac or link.mac, hardware.driver, hardware.path, link.carrier)


def _addresses(link: Link | None, network: Network) -> tuple[AddressStatus, ...]:
    if link is None:
        return ()
    present = network.table.addresses(link.index)
    return tuple(AddressStatus(str(address.interface), address.virtual) for address in present)
