"""A pair between a client inside and a server outside, and real connections through it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .namespaces import Namespace, Namespaces
from .pair import CLUSTER, VIRTUAL, Pair, TestNode
from .waiting import stretched

SERVER = "192.168.175.1"
SHORT = 0.3
"""Seconds after which a packet that was not answered counts as dropped."""
OUTWARDS = """
[[firewall.rules]]
action = "allow"
from = ["lan"]
to = ["wan"]
"""


@dataclass
class Site:
    """The pair between a client on its LAN and a server on its WAN, each with the cluster as its gateway."""

    pair: Pair
    server: Namespace

    @property
    def client(self) -> Namespace:
        return self.pair.client

    @property
    def alpha(self) -> TestNode:
        return self.pair.alpha

    def start(self, firewall: str) -> None:
        for node in self.pair.nodes:
            node.cluster = CLUSTER + firewall
        self.pair.start()

    def change(self, firewall: str) -> dict[str, object]:
        """Another configuration on the active node."""
        self.alpha.cluster = CLUSTER + firewall
        self.alpha.configure()
        return self.alpha.ask("reload")


def build_site(namespaces: Namespaces, pair: Pair) -> Site:
    """Adds the server, and what the nodes' kernels need to forward."""
    server = namespaces.make("server")
    pair.switch.run("ip", "link", "add", "server", "type", "veth", "peer", "name", "eth0")
    pair.switch.run("ip", "link", "set", "server", "master", "br-wan", "up")
    pair.switch.run("ip", "link", "set", "eth0", "netns", server.entry[2])
    server.run("ip", "address", "add", f"{SERVER}/24", "dev", "eth0")
    server.run("ip", "link", "set", "eth0", "up")
    server.run("ip", "route", "add", "192.168.12.0/24", "via", VIRTUAL["wan"])
    pair.client.run("ip", "route", "add", "default", "via", VIRTUAL["lan"])
    for node in pair.nodes:
        node.namespace.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        node.namespace.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
    return Site(pair, server)


def listen(namespace: Namespace, port: int) -> socket.socket:
    """A server that accepts at the test's word."""
    server = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", port))
    server.listen()
    server.settimeout(stretched(5))
    return server


def connect(namespace: Namespace, address: str, port: int, within: float = 5.0) -> socket.socket:
    """A connection; TimeoutError when the first packet is dropped, and then no other one is sent."""
    opened = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.settimeout(stretched(within))
    try:
        opened.connect((address, port))
    except TimeoutError:
        opened.close()  # Else it tries on, and is let in later, in place of somebody else.
        raise
    opened.settimeout(stretched(5))
    return opened


@dataclass
class Session:
    """A connection, both ends."""

    near: socket.socket
    far: socket.socket
    source: str
    """Where it comes from, as the server sees it."""

    def passes(self) -> bool:
        """A word each way."""
        self.near.sendall(b"there")
        self.far.sendall(b"back!")
        return self.far.recv(5) == b"there" and self.near.recv(5) == b"back!"


@contextmanager
def session(client: Namespace, address: str, port: int, server: socket.socket) -> Iterator[Session]:
    """Connects to somebody who listens."""
    with connect(client, address, port) as near:
        far, (source, _) = server.accept()
        far.settimeout(stretched(5))
        with far:
            yield Session(near, far, source)


def refused(namespace: Namespace, address: str, port: int) -> bool:
    """Nothing comes back."""
    try:
        connect(namespace, address, port, SHORT).close()
    except TimeoutError:
        return True
    return False
