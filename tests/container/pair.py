"""Two nodes of the image as containers, with their networks: no kernel of theirs, no boot, no disk."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.lab.errors import MissingCapability
from firmware.lab.namespaces import Namespace, Namespaces
from firmware.lab.preseed import hash_password, render_preseed
from firmware.lab.topology import PlannedNode, Topology
from tests.lab.container import Container

PASSWORD = "correct horse"
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

TAKE_GIVEN = """cp -R /run/given/etc/. /etc
python3 -PsE -c '
from hadaemon.config import load_preseed
from hadaemon.setup.places import Places, system_owners
from hadaemon.setup.state import make_state_folder, store_preseed
places, owners = Places(), system_owners()
make_state_folder(places, owners)
with open("/run/given/preseed.toml") as file:
    store_preseed(load_preseed(file.read(), "preseed.toml"), places, owners)
'"""
"""The preseed as from a stick, which a container does not have."""
NETWORK = "[Match]\nPermanentMACAddress=\nMACAddress={mac}\n"
"""The card of a container has no MAC address that was burnt into it."""
TIMESYNCD = "[Unit]\nConditionVirtualization=\n[Service]\nAmbientCapabilities=\n"
"""The host's clock is not the container's to set. The program runs all the same, and asks for the time."""

BRIDGE = ("forward_delay", "0", "mcast_snooping", "0")


@dataclass
class ContainerPair:
    """What `Lab` is for booted nodes."""

    nodes: dict[str, Container]
    topology: Topology
    clients: dict[str, Namespace]

    def node(self, name: str) -> Container:
        return self.nodes[name]

    def mac(self, name: str, port: str) -> str:
        return self.topology.node(name).port(port).mac

    def wait_ready(self) -> None:
        """The master is active, and the spare its backup."""
        assert self.topology.cluster
        for name, node in self.nodes.items():
            node.wait_for_state("active" if name == self.topology.cluster.master else "backup")


@contextmanager
def containers(image: Path, topology: Topology, folder: Path) -> Iterator[ContainerPair]:
    """All nodes of a topology, configured and up; skips (which counts as a failure) where that cannot be."""
    with Namespaces() as namespaces, ExitStack() as stack:
        switch = namespaces.make("switch")
        for network in topology.networks:
            switch.run("ip", "link", "add", network.name, "type", "bridge", *BRIDGE)
            switch.run("ip", "link", "set", network.name, "up")
        clients = {}
        for client in topology.clients:
            host = namespaces.make(client.name)
            plug_in(switch, host, client.network, "eth0", client.mac)
            host.run("ip", "address", "add", str(client.address), "dev", "eth0")
            clients[client.name] = host
        nodes = {}
        for node in topology.nodes:
            namespace = namespaces.make(node.name)
            for number, port in enumerate(node.ports):
                plug_in(switch, namespace, port.network, f"eth{number}", port.mac)
            own = folder / node.name
            given = give(node, topology, own / "given")
            container = Container(image, namespace, own / "place", given, TAKE_GIVEN)
            nodes[node.name] = start(container, stack)
        for container in nodes.values():
            container.wait_until_up()
        yield ContainerPair(nodes, topology, clients)


def start(container: Container, stack: ExitStack) -> Container:
    """Starts one; it ends with the stack."""
    try:
        return stack.enter_context(container)
    except MissingCapability as error:
        pytest.skip(str(error))


def plug_in(switch: Namespace, host: Namespace, network: str, name: str, mac: str) -> None:
    """A cable from a host's network card to a switch."""
    outside = f"{host.name}-{name}"
    peer = ["type", "veth", "peer", "name", name, "address", mac, "netns", str(host.pid)]
    switch.run("ip", "link", "add", outside, *peer)
    switch.run("ip", "link", "set", outside, "master", network, "up")
    host.run("ip", "link", "set", name, "up")


def give(node: PlannedNode, topology: Topology, folder: Path) -> Path:
    """The folder with what the node needs to know."""
    text = render_preseed(node, topology.cluster, hash_password(PASSWORD), hotwire_secret=SECRET)
    # The kernel of the machine may have no ESP: booted pairs have.
    text = text.replace("[cluster.hotwire]\n", '[cluster.hotwire]\nprotection = "none"\n')
    for port in node.ports:
        add(folder, f"network/10-hotspare-{port.name}.network", NETWORK.format(mac=port.mac))
    add(folder, "system/systemd-timesyncd.service", TIMESYNCD)
    (folder / "preseed.toml").write_text(text)
    return folder


def add(folder: Path, unit: str, text: str) -> None:
    """Something that a unit, or a file of networkd's, has in addition."""
    beside = folder / f"etc/systemd/{unit}.d"
    beside.mkdir(parents=True)
    (beside / "container.conf").write_text(text)
