"""What the lab consists of, as data: nodes with ports, networks that join them, clients that watch.

Pure: nothing here touches a file, a process or a clock. A topology cannot be built wrong: its constructor
refuses names that do not exist, addresses given twice and cables with more than two ends.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface

from firmware.lab.errors import TopologyError


class NetworkKind(StrEnum):
    """How the ports of a network are joined."""

    SWITCH = "switch"
    """A learning switch in the lab's process, with room for clients."""
    CABLE = "cable"
    """One direct cable between exactly two ports."""


@dataclass(frozen=True, slots=True)
class Network:
    """Something that ports are plugged into."""

    name: str
    kind: NetworkKind


@dataclass(frozen=True, slots=True)
class Port:
    """A network port of a node."""

    name: str
    mac: str
    network: str
    addresses: tuple[IPv4Interface, ...] = ()
    """The node's own addresses, not the virtual ones."""


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """One appliance."""

    name: str
    ports: tuple[Port, ...]
    text: str = ""
    """Its node.toml; empty: as the ports say."""

    def port(self, name: str) -> Port:
        """The port of that name.

        Raises:
            TopologyError: there is none.
        """
        for port in self.ports:
            if port.name == name:
                return port
        raise TopologyError(
            f"there is no port {name!r}", self.name, f"Its ports: {', '.join(p.name for p in self.ports)}."
        )


@dataclass(frozen=True, slots=True)
class PlannedClient:
    """A host on a switch that pings and asks who has an address. It lives in the lab's process."""

    name: str
    network: str
    mac: str
    address: IPv4Interface
    behind: tuple[IPv4Address, ...] = ()
    """Whom it is the router to: it answers pings for them."""
    vlan: int | None = None
    """The VLAN of its switch port; None: its frames are not tagged."""


@dataclass(frozen=True, slots=True)
class PlannedProvider:
    """Whoever dials on a network by PPPoE with this user and password is let in. It lives in the lab's
    process."""

    network: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class HaInterface:
    """A port whose virtual addresses move between the nodes."""

    port: str
    virtual_addresses: tuple[IPv4Interface, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """What both nodes are told about the pair."""

    name: str
    master: str
    """Name of the node that is meant to be active."""
    ha_interfaces: tuple[HaInterface, ...]
    hotwire: str | None = None
    """Port of the exclusive cable."""
    advertisement_interval: str = "1s"
    flap_switches: int | None = None
    """`election.flap_switches`; None: the appliance's default."""
    text: str = ""
    """The whole cluster.toml; empty: as the fields above say."""
    files: tuple[tuple[str, str], ...] = ()
    """The path of each file of cluster.d, and its text."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything there is in a lab."""

    networks: tuple[Network, ...]
    nodes: tuple[PlannedNode, ...]
    clients: tuple[PlannedClient, ...] = ()
    cluster: Cluster | None = None
    """None: the nodes know nothing of each other."""
    providers: tuple[PlannedProvider, ...] = ()

    def __post_init__(self) -> None:
        """Raises TopologyError when the parts contradict each other."""
        _refuse_repeated("network", (network.name for network in self.networks))
        _refuse_repeated("name", [*(n.name for n in self.nodes), *(c.name for c in self.clients)])
        ports = [port for node in self.nodes for port in node.ports]
        _refuse_repeated("MAC address", [*(p.mac for p in ports), *(c.mac for c in self.clients)])
        for node in self.nodes:
            _refuse_repeated(f"port of {node.name}", (port.name for port in node.ports))
        for name in (*(p.network for p in ports), *self._hosts()):
            self.network(name)
        for network in self.networks:
            self._check_ends(network)
        if self.cluster:
            self._check_cluster(self.cluster)

    def _check_ends(self, network: Network) -> None:
        if network.kind is NetworkKind.CABLE and len(self.ends(network.name)) != 2:
            raise TopologyError("a cable has two ends", network.name)
        if network.kind is NetworkKind.CABLE and network.name in self._hosts():
            raise TopologyError("a client or provider needs a switch, this is a cable", network.name)

    def _hosts(self) -> tuple[str, ...]:
        """The networks of those who are no nodes."""
        return (*(c.network for c in self.clients), *(p.network for p in self.providers))

    def _check_cluster(self, cluster: Cluster) -> None:
        self.node(cluster.master)
        for node in self.nodes:
            for interface in cluster.ha_interfaces:
                node.port(interface.port)
            if cluster.hotwire:
                node.port(cluster.hotwire)

    def network(self, name: str) -> Network:
        """The network of that name.

        Raises:
            TopologyError: there is none.
        """
        for network in self.networks:
            if network.name == name:
                return network
        names = ", ".join(network.name for network in self.networks)
        raise TopologyError(f"there is no network {name!r}", "topology", f"The networks: {names}.")

    def node(self, name: str) -> PlannedNode:
        """The node of that name.

        Raises:
            TopologyError: there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        raise TopologyError(f"there is no node {name!r}", "topology", f"The nodes: {names}.")

    def ends(self, network: str) -> tuple[tuple[PlannedNode, Port], ...]:
        """Every node port that is plugged into a network, in the order of the nodes."""
        return tuple((node, port) for node in self.nodes for port in node.ports if port.network == network)

    def only(self, *names: str) -> "Topology":
        """The same networks and clients with only some of the nodes; the master must be among them.

        A cable that loses an end by that becomes a switch nobody else is on: the port still has a carrier.
        """
        kept = tuple(node for node in self.nodes if node.name in names)
        plugged = Counter(port.network for node in kept for port in node.ports)
        networks = tuple(
            replace(network, kind=NetworkKind.SWITCH) if plugged[network.name] != 2 else network
            for network in self.networks
        )
        return replace(self, nodes=kept, networks=networks)


def _refuse_repeated(what: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise TopologyError(f"the {what} {repeated[0]!r} is there more than once", "topology")


def _pair_node(name: str, number: int, lan: str, wan: str, hotwire: str) -> PlannedNode:
    def port(port_name: str, index: int, address: str) -> Port:
        mac = f"52:54:00:48:{number:02x}:{index:02x}"
        return Port(port_name, mac, port_name, (IPv4Interface(address),))

    return PlannedNode(name, (port("lan", 1, lan), port("wan", 2, wan), port("hotwire", 3, hotwire)))


STANDARD_PAIR = Topology(
    networks=(
        Network("lan", NetworkKind.SWITCH),
        Network("wan", NetworkKind.SWITCH),
        Network("hotwire", NetworkKind.CABLE),
    ),
    nodes=(
        _pair_node("alpha", 0x0A, "192.168.12.141/24", "192.168.175.102/24", "192.168.180.2/24"),
        _pair_node("beta", 0x0B, "192.168.12.142/24", "192.168.175.103/24", "192.168.180.3/24"),
    ),
    clients=(
        PlannedClient("client", "lan", "52:54:00:48:c0:01", IPv4Interface("192.168.12.50/24")),
        PlannedClient("router", "wan", "52:54:00:48:c0:02", IPv4Interface("192.168.175.1/24")),
    ),
    cluster=Cluster(
        name="office",
        master="alpha",
        ha_interfaces=(
            HaInterface("lan", (IPv4Interface("192.168.12.1/24"),)),
            HaInterface("wan", (IPv4Interface("192.168.175.101/24"),)),
        ),
        hotwire="hotwire",
    ),
)
"""Master alpha and spare beta, with a client on the LAN and the provider's router on the WAN."""
