"""One configuration at work: its node, ports and executor, from Start to Stop."""

import asyncio
import logging
from collections.abc import Callable

from hadaemon.cluster import (
    Action,
    AdvertisementDiscarded,
    ConnectionsReported,
    Event,
    GuardActed,
    Memory,
    Node,
    NodeState,
    NodeStatus,
    ServiceSeen,
    SetAddresses,
    Start,
    Stop,
    UpgradeReported,
)
from hadaemon.cluster.requests import Request
from hadaemon.config import ClusterConfig, HaInterface, NodeConfig
from hadaemon.daemon.engine import Engine
from hadaemon.daemon.executor import Executor
from hadaemon.daemon.guard import Guard
from hadaemon.daemon.health.checks import Checks
from hadaemon.daemon.hotwire.plan import HotwirePlan
from hadaemon.daemon.hotwire.side import HotwireSide
from hadaemon.daemon.ports.arp_places import ArpPlaces
from hadaemon.daemon.ports.arp_watch import ArpWatch
from hadaemon.daemon.ports.link_watch import LinkWatch
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.pings import Pings
from hadaemon.daemon.ports.plan import plan_ports
from hadaemon.daemon.ports.ports import Ports
from hadaemon.daemon.ports.route_watch import RouteWatch
from hadaemon.daemon.ports.routers import Routers
from hadaemon.daemon.ports.sequences import Sequences
from hadaemon.daemon.ports.virtual_macs import VirtualMacs
from hadaemon.daemon.ports.wire import Wire
from hadaemon.daemon.programs import Programs
from hadaemon.daemon.throttle import Throttle
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.links import Link
from hadaemon.problems import Problem, other
from hadaemon.status.peer import Peer
from hadaemon.vrrp import OWNER
from hadaemon.vrrp.mac import interface_name

log = logging.getLogger(__name__)

_NO_UPGRADE = UpgradeReported()
_DISCARD_LOG_PERIOD = 60.0
"""Seconds between two log lines about the same reason on the same port."""


class Session:
    """Runs a node that is part of a cluster."""

    def __init__(
        self,
        node: NodeConfig,
        cluster: ClusterConfig,
        network: Network,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Action], None],
        sequences: Sequences,
        guard: Guard,
        programs: Programs,
        hotwire: HotwirePlan | None = None,
    ) -> None:
        self.node_config = node
        self.cluster_config = cluster
        self._loop = loop
        self._throttle = Throttle(_DISCARD_LOG_PERIOD)
        self._wire = Wire(cluster, sequences, loop)
        ports = plan_ports(node, cluster)
        self.ports = Ports(ports, self._wire, network, loop, self._take, self.network_changed)
        self._network = network
        self._guard = guard
        self._done = done
        self._routers = Routers(cluster, self._seat6, loop)
        self._executor = Executor(network, self.ports, self._virtual_macs(), self._acted)
        self._link_watch = LinkWatch(self.link_of, loop, self._take)
        self._pings = Pings(cluster.ping_groups, self.link_of, loop, self._take)
        self._route_watch = RouteWatch(cluster.tracked_routes, self.link_of, loop, self._take)
        self._checks = Checks(cluster.checks, programs, self._about, loop, self._take)
        self.hotwire = HotwireSide(
            hotwire, cluster, network, loop, self._take, lambda: self._engine.catch_up()
        )
        places = ArpPlaces(cluster, self.ports, network, self.status)
        self._arp_watch = ArpWatch(places.present, lambda: self.state, loop)
        self._refusal: str | None = None
        """Why accept_mode = false has no effect."""
        self._engine: Engine
        """Made by `start`."""

    @property
    def node(self) -> Node:
        """The node that it runs."""
        return self._engine.node

    @property
    def state(self) -> NodeState:
        """The node's present state."""
        return self._engine.node.state

    def as_peer(self) -> Peer:
        """The node, as it tells the other one of itself."""
        return self._engine.node.as_peer()

    @property
    def hotwire_link(self) -> Link | None:
        """The hotwire's present link."""
        hotwire = self.cluster_config.hotwire
        return None if hotwire is None else self.link_of(hotwire.port)

    def start(
        self,
        memory: Memory,
        predecessor: "Session | None" = None,
        missing_connections: str = "",
        upgrade: UpgradeReported = _NO_UPGRADE,
    ) -> None:
        """Begins to take part, in place of another configuration's session if there is one.

        A predecessor that is active hands over within this call: the node stays active, and an address that
        stays is not taken away for an instant. Any other predecessor leaves as at a stop.
        `missing_connections`: what of the other node's is not here. `upgrade`: what that of the pair asks
        for.
        """
        now = self._loop.time()
        goes_on = predecessor is not None and predecessor.state is NodeState.ACTIVE
        before = None if predecessor is None else predecessor.node
        node = Node(self.node_config, self.cluster_config, now, before)
        self._missing_connections, self._upgrade = missing_connections, upgrade
        seen = self.ports.refresh()
        events: tuple[Event, ...] = (
            *seen,
            ConnectionsReported(missing_connections),
            upgrade,
            Start(goes_on, memory),
        )
        opening = [action for event in events for action in node.handle(event, now)]
        if predecessor is not None:
            if node.state is NodeState.ACTIVE:
                predecessor.close()
            else:
                predecessor.stop("reload", comes_back=True)
        self._refusal = self._close_virtual_addresses()
        effects = (self._executor.execute, self._loop, self._settled, self._read_waiting, self._guard.expect)
        self._engine = Engine(node, opening, *effects)
        self._network.drop_leftovers(self._executor.wanted())
        self._link_watch.follow(node.unproven_ports)
        self._pings.start()
        self._route_watch.start()
        self._checks.start()
        self._arp_watch.start()
        self.hotwire.start(node.as_peer())

    def stop(self, reason: str, comes_back: bool = False) -> None:
        """Releases everything: priority 0 goes out, the virtual addresses go.

        `comes_back`: another session takes its place at once, so that the other node hears no goodbye.
        """
        self._engine.post(Stop(reason))
        if not comes_back:
            self.hotwire.goodbye(reason)
        self.close()

    def close(self) -> None:
        """Closes what is open, and releases nothing."""
        self._engine.close()
        self._link_watch.close()
        self._pings.close()
        self._route_watch.close()
        self._checks.close()
        self._arp_watch.close()
        self.hotwire.close()
        self.ports.close()
        self._executor.close()
        self._routers.close()

    def network_changed(self) -> None:
        """Links or addresses are not what they were."""
        for change in self.ports.refresh():
            self._engine.post(change)
        for failure in self._executor.reconcile():
            self._engine.post(failure)
        self._routers.refresh()
        self._route_watch.wake()
        self.hotwire.refresh()

    @property
    def is_catching_up(self) -> bool:
        """The other node is heard, and not all of its connections are here yet."""
        return bool(self._missing_connections) and self.hotwire.peer_report is not None

    def report_connections(self, missing: str) -> None:
        """What of the other node's connections is not here; empty: nothing to wait for."""
        if missing != self._missing_connections:
            self._missing_connections = missing
            self._engine.post(ConnectionsReported(missing))

    def report_service(self, unit: str, well: bool) -> None:
        """How a service is that counts, and is to run."""
        self._engine.post(ServiceSeen(unit, well))

    def report_upgrade(self, upgrade: UpgradeReported) -> None:
        """What the upgrade of the pair's firmware asks of this node."""
        if upgrade != self._upgrade:
            self._upgrade = upgrade
            self._engine.post(upgrade)

    def guard_acted(self) -> None:
        """The guard has taken the virtual addresses away, because the daemon stood still."""
        self._engine.post(GuardActed())

    def refusal(self, request: Request) -> str | None:
        """Why the node would not do what the administrator asks; None: it would."""
        return self._engine.node.refusal(request)

    def request(self, request: Request) -> str | None:
        """Has the node do what the administrator asks; the answer is why it does not."""
        refusal = self._engine.node.refusal(request)
        if refusal is None:
            self._engine.post(request)
        return refusal

    def status(self) -> NodeStatus:
        """The node's own words."""
        return self._engine.node.status(self._loop.time())

    def overdue(self) -> float:
        """Seconds by which the node waits for its deadline to be served."""
        return self._engine.overdue()

    def problems(self, peer_is_dead: bool) -> tuple[Problem, ...]:
        """What the node itself cannot know: sockets that could not be opened; `peer_is_dead` it does know."""
        failed = tuple(
            other(f"{name}/socket", f"port {name}: {failure}")
            for name, failure in self.ports.failures.items()
        )
        if self._pings.failure is not None:
            failed += (other("pings", self._pings.failure),)
        if self._route_watch.failure is not None:
            failed += (other("routes", self._route_watch.failure),)
        if self._checks.failure is not None:
            failed += (other("checks", self._checks.failure),)
        if self._refusal is not None:
            failed += (other("refusal", self._refusal),)
        failed += self.hotwire.problems(peer_is_dead)
        return failed + self._arp_watch.problems + self._routers.problems

    def _acted(self, action: Action) -> None:
        """An action had its effect."""
        if isinstance(action, SetAddresses):
            self._routers.follow(action)
        self._done(action)

    def _seat6(self, interface: HaInterface) -> Link | None:
        """The link that has the virtual IPv6 addresses of an HA interface while they are here."""
        if self.cluster_config.vrrp.virtual_mac:
            return self._network.table.named(interface_name(interface.vrid, 6))
        return self.ports.link(interface.address_port)

    def _settled(self) -> None:
        """An event and all that follows from it is done."""
        self._link_watch.follow(self._engine.node.unproven_ports)
        self.hotwire.tell(self._engine.node.as_peer())

    def _read_waiting(self) -> None:
        """Takes in what the other node has said and nobody has read yet."""
        self.ports.read_waiting()
        self.hotwire.read_waiting()

    def _close_virtual_addresses(self) -> str | None:
        """Accept_Mode (RFC 9568 §6.1), before the first address comes; the owner always accepts."""
        vrrp = self.cluster_config.vrrp
        accepts = vrrp.accept_mode or vrrp.priorities.get(self.node_config.name) == OWNER
        interfaces = () if accepts else self.cluster_config.ha_interfaces
        try:
            self._network.close_to(each.ip for one in interfaces for each in one.virtual_addresses)
        except NetlinkError as error:
            log.error("%s", error)
            return f"accept_mode = false has no effect: {error}"
        return None

    def _virtual_macs(self) -> VirtualMacs | None:
        if not self.cluster_config.vrrp.virtual_mac:
            return None
        vrids = {each.address_port: each.vrid for each in self.cluster_config.ha_interfaces}
        return VirtualMacs(vrids, self._network)

    def link_of(self, port: str) -> Link | None:
        """The link that a port is now."""
        config = self.node_config.ports[port]
        return self._network.table.find(config.mac, config.vlan, config.bonded)

    def _about(self) -> dict[str, str]:
        """What the administrator's programs learn of the node."""
        return {
            "HOTSPARE_CLUSTER": self.cluster_config.name,
            "HOTSPARE_NODE": self.node_config.name,
            "HOTSPARE_STATE": str(self.state),
        }

    def _take(self, event: Event) -> None:
        if isinstance(event, AdvertisementDiscarded):
            count = self._throttle.count((event.port, event.reason), self._loop.time())
            if count:
                log.warning("port %s: discarded %d packets: %s", event.port, count, event.reason)
        self._engine.post(event)
