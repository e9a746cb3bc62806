"""The pair with a hotwire between its nodes."""

import base64
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from hadaemon.cluster import NodeState, Peer
from hadaemon.config.hotwire_keys import Secret
from hadaemon.hotwire.addresses import default_address
from hadaemon.hotwire.exclusive import HEARTBEAT_PORT
from hadaemon.hotwire.report import encode_report
from hadaemon.status.report import Report

from .namespaces import Namespace, Namespaces
from .pair import CLUSTER, INTERVAL_TEXT, Pair, TestNode, add_client, add_switches
from .waiting import stretched, wait_for

SECRET = Secret(bytes(range(32)))
HOTWIRE_MAC = {"alpha": "52:54:00:48:0a:03", "beta": "52:54:00:48:0b:03"}
HOTWIRE_OWN = {"alpha": "192.168.180.2", "beta": "192.168.180.3"}


def unprotected(cluster: str) -> str:
    """The kernel of a machine that tests may have no ESP: what it does is tried on booted pairs."""
    return cluster.replace("[hotwire]\n", '[hotwire]\nprotection = "none"\n', 1)


HOTWIRE_TABLE = unprotected('[hotwire]\nport = "hotwire"\n')
TRACKED_CLUSTER = CLUSTER + HOTWIRE_TABLE
HOTWIRE_CLUSTER = TRACKED_CLUSTER + "[conntrack]\nenabled = false\n"


def forged_report(name: str) -> bytes:
    """The body of a heartbeat that says: I am active, and better than anybody."""
    peer = Peer(
        name=name,
        state=NodeState.ACTIVE,
        releasing=False,
        links_down=0,
        failed_groups=0,
        preferred=True,
        epoch=1 << 20,
        switched=True,
        claims=False,
        suspended=False,
    )
    return encode_report(Report(peer))


@dataclass
class HotwireNode(TestNode):
    """A node with a hotwire port."""

    cluster: str = HOTWIRE_CLUSTER
    secret: Secret | None = SECRET
    hotwire_address: bool = True
    """Whether node.toml gives the hotwire an address."""

    def plug_in_hotwire(self) -> None:
        """The hotwire's network card and its address, as the setup would render it."""
        name, outside = self.name, f"{self.name}-hotwire"
        peer = ["type", "veth", "peer", "name", "hotwire", "address", HOTWIRE_MAC[name]]
        self.switch.run("ip", "link", "add", outside, *peer)
        self.switch.run("ip", "link", "set", outside, "master", "br-hotwire", "up")
        self.switch.run("ip", "link", "set", "hotwire", "netns", self.namespace.entry[2])
        own = f"{HOTWIRE_OWN[name]}/24" if self.hotwire_address else str(default_address(name))
        self.namespace.run("ip", "address", "add", own, "dev", "hotwire")
        self.namespace.run("ip", "link", "set", "hotwire", "up")

    def configure(self) -> None:
        super().configure()
        with (self.state_folder / "node.toml").open("a") as file:
            file.write(f'[ports.hotwire]\nmac = "{HOTWIRE_MAC[self.name]}"\n')
            if self.hotwire_address:
                file.write(f'addresses = ["{HOTWIRE_OWN[self.name]}/24"]\n')
        key = self.state_folder / "hotwire.key"
        key.unlink(missing_ok=True)
        if self.secret is not None:
            key.write_text(base64.b64encode(self.secret.value).decode() + "\n")

    def hotwire(self) -> dict[str, Any]:
        """The hotwire's part of the status; empty while the daemon does not answer."""
        return self.status().get("hotwire") or {}

    def wait_hotwire(self, state: str, within: float = 5.0) -> None:
        """Waits until the hotwire is in this state."""
        wait_for(f"{self.name}: hotwire {state}", lambda: self.hotwire().get("state") == state, within)


@dataclass
class HotwirePair(Pair):
    """Two nodes with a hotwire."""

    alpha: HotwireNode
    beta: HotwireNode

    @property
    def hot_nodes(self) -> tuple[HotwireNode, HotwireNode]:
        return self.alpha, self.beta

    def change(self, change: Callable[[str], str]) -> None:
        """Edits what will be both nodes' cluster.toml."""
        for node in self.hot_nodes:
            node.cluster = change(node.cluster)

    def slow(self) -> None:
        """So long between advertisements that whatever happens soon was not caused by three missed ones."""
        self.change(lambda text: text.replace(INTERVAL_TEXT, f'"{stretched(3):g}s"'))

    def start(self) -> None:
        super().start()
        self.wait_up()

    def wait_up(self) -> None:
        """Both hear each other over the hotwire, and watch each other's daemon."""
        for node in self.hot_nodes:
            node.wait_hotwire("up")
            wait_for(f"{node.name} is connected", lambda node=node: node.hotwire()["connected"], within=5)

    def cut(self, *ports: str) -> None:
        """Both ends of these cables lose their carrier, in one instant."""
        for port in ports:
            for node in self.hot_nodes:
                self.switch.run("ip", "link", "set", f"{node.name}-{port}", "group", "7")
        self.switch.run("ip", "link", "set", "group", "7", "down")

    def mend(self, *ports: str) -> None:
        """The cables are whole again."""
        for port in ports:
            for node in self.hot_nodes:
                node.plug(port)
                self.switch.run("ip", "link", "set", f"{node.name}-{port}", "group", "0")

    def silence(self) -> None:
        """The hotwire carries nothing, and both ends keep their carrier."""
        self.switch.run("ip", "link", "set", "br-hotwire", "down")

    def states(self) -> tuple[str, str]:
        return self.alpha.state(), self.beta.state()

    def holders(self) -> list[str]:
        """Who holds all the virtual addresses."""
        return [node.name for node in self.hot_nodes if len(node.virtual_addresses()) == 2]

    def third_box(self, namespaces: Namespaces) -> "ThirdBox":
        """Somebody puts a switch in between and plugs in another box."""
        return ThirdBox(namespaces.make("third"), self.switch)


class ThirdBox:
    """A box that is on the hotwire and has no business there."""

    def __init__(self, namespace: Namespace, switch: Namespace) -> None:
        switch.run("ip", "link", "add", "third", "type", "veth", "peer", "name", "eth0")
        switch.run("ip", "link", "set", "third", "master", "br-hotwire", "up")
        switch.run("ip", "link", "set", "eth0", "netns", namespace.entry[2])
        namespace.run("ip", "address", "add", "192.168.180.9/24", "dev", "eth0")
        namespace.run("ip", "link", "set", "eth0", "up")
        self._namespace = namespace

    def take_address(self, address: str) -> None:
        """Pretends to be one of the pair."""
        self._namespace.run("ip", "address", "add", f"{address}/24", "dev", "eth0")

    def send(self, data: bytes, source: str, destination: str) -> None:
        """One datagram to the heartbeat's port."""
        opened = self._namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((source, 0))
        opened.sendto(data, (str(IPv4Address(destination)), HEARTBEAT_PORT))


def build_hotwire_pair(namespaces: Namespaces, folder: Path, hotwire_address: bool = True) -> HotwirePair:
    """Switch, client and two nodes with their ports plugged in; no daemon runs yet."""
    switch, client = namespaces.make("switch"), namespaces.make("client")
    add_switches(switch, "lan", "wan", "hotwire")
    nodes = []
    for name in HOTWIRE_MAC:
        (folder / name).mkdir()
        node = HotwireNode(
            name, namespaces.make(name), folder / name, switch, hotwire_address=hotwire_address
        )
        for port in ("lan", "wan"):
            node.plug_in(port)
        node.plug_in_hotwire()
        nodes.append(node)
    add_client(switch, client)
    return HotwirePair(switch, client, *nodes)
