"""Two nodes and their networks in namespaces: the same for whichever daemon runs on the nodes."""

import re
from dataclasses import dataclass
from pathlib import Path

from firmware.lab.namespaces import Namespace, Namespaces

NODES = ("alpha", "beta")
"""The first is preferred, and so the active one when both are well."""
_CLIENT_MAC = "52:54:00:48:0c:01"


@dataclass(frozen=True, slots=True)
class Port:
    """One network that both nodes have a port in."""

    name: str
    number: int
    """From 1."""

    @property
    def vrid(self) -> int:
        """The same in both daemons."""
        return 50 + self.number

    @property
    def virtual(self) -> str:
        """The address that moves."""
        return self._address(1)

    def own(self, node: str) -> str:
        """A node's own address."""
        return self._address(2 + NODES.index(node))

    @property
    def client(self) -> str:
        """The address of who pings."""
        return self._address(50)

    def mac(self, node: str) -> str:
        """The MAC address of a node's port."""
        return f"52:54:00:48:{0x0A + NODES.index(node):02x}:{self.number:02x}"

    def _address(self, host: int) -> str:
        return f"10.48.{self.number}.{host}"


PAIR = (Port("lan", 1), Port("wan", 2))
"""A firewall's two sides; the client is on the first."""
HOTWIRE = Port("hotwire", 200)
"""The exclusive cable between the nodes, for the daemon that can use one."""
MANY = tuple(Port(f"p{number}", number) for number in range(1, 65))
"""As many HA interfaces as a node may reasonably have."""


@dataclass(frozen=True, slots=True)
class NamespaceNode:
    """One node: its namespace, its ports, and a folder for its daemon's files."""

    name: str
    namespace: Namespace
    ports: tuple[Port, ...]
    folder: Path

    @property
    def peer(self) -> str:
        """The other node's name."""
        return NODES[1 - NODES.index(self.name)]

    def held(self) -> int:
        """How many of the virtual addresses are on this node."""
        return len(self._holding())

    def remove_virtual(self) -> None:
        """Takes those virtual addresses off that there are, as an operator does by hand."""
        removals = (f"address del {port.virtual}/24 dev {port.name}" for port in self._holding())
        _batch(self.namespace, *removals)

    def _holding(self) -> list[Port]:
        """The ports whose virtual address is on this node."""
        found = re.findall(r"inet (\S+)/\d+", self.namespace.run("ip", "-4", "-o", "address", "show"))
        return [port for port in self.ports if port.virtual in found]


@dataclass(frozen=True, slots=True)
class Topology:
    """The nodes, and where the networks can be watched and cut."""

    nodes: tuple[NamespaceNode, NamespaceNode]
    switch: Namespace
    client: Namespace

    def pull(self, node: NamespaceNode, port: Port) -> None:
        """The port's cable is out: the port loses its carrier."""
        self.switch.run("ip", "link", "set", cable(node.name, port), "down")


def cable(node: str, port: Port) -> str:
    """The switch's end of a node's cable."""
    return f"{node}-{port.name}"


def build(namespaces: Namespaces, ports: tuple[Port, ...], folder: Path) -> Topology:
    """Make it all; nothing runs in it yet. The client is on the first network."""
    switch, client = namespaces.make("switch"), namespaces.make("client")
    nodes = tuple(NamespaceNode(name, namespaces.make(name), ports, folder / name) for name in NODES)
    for port in (*ports, HOTWIRE):
        bridge = f"link add {port.name} type bridge forward_delay 0 mcast_snooping 0"
        _batch(switch, bridge, f"link set {port.name} up")
        for node in nodes:
            _plug(switch, cable(node.name, port), port, node.namespace, port.name, port.mac(node.name))
    _plug(switch, "client", ports[0], client, "eth0", _CLIENT_MAC)
    _batch(client, *_addressed("eth0", ports[0].client))
    for node in nodes:
        node.folder.mkdir(parents=True)
        _batch(
            node.namespace,
            *(
                command
                for port in (*ports, HOTWIRE)
                for command in _addressed(port.name, port.own(node.name))
            ),
        )
    return Topology((nodes[0], nodes[1]), switch, client)


def _plug(switch: Namespace, outside: str, port: Port, there: Namespace, inside: str, mac: str) -> None:
    _batch(
        switch,
        f"link add {outside} type veth peer name {inside} address {mac} netns {there.pid}",
        f"link set {outside} master {port.name} up",
    )


def _addressed(interface: str, address: str) -> tuple[str, str]:
    return f"address add {address}/24 dev {interface}", f"link set {interface} up"


def _batch(namespace: Namespace, *commands: str) -> None:
    """Several commands of `ip` at once."""
    namespace.run("ip", "-batch", "-", stdin="\n".join(commands) + "\n")
