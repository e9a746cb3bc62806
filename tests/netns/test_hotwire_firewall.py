"""The firewall's rules for the hotwire in a real kernel: its list passes, and nothing is forwarded."""

import contextlib
import shutil
import socket
from collections.abc import Iterator

import pytest

from hadaemon.config import load_cluster, load_node
from hadaemon.firewall.ruleset import rule_set
from hadaemon.hotwire.exclusive import SERVICES, Protocol

from .capture import VRRP_PROTOCOL
from .namespaces import Namespace, Namespaces
from .waiting import stretched, wait_for

NODE, PEER, INSIDE = "192.168.180.2", "192.168.180.3", "10.99.0.2"
NODE_FILE = """
schema = 1
name = "alpha"
[ports.hotwire]
mac = "52:54:00:48:0a:03"
addresses = ["192.168.180.2/24"]
[ports.lan]
mac = "52:54:00:48:0a:01"
"""
CLUSTER_FILE = """
schema = 1
name = "office"
master = "alpha"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["10.99.0.3/24"]
"""
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM


class Wire:
    """A node with a hotwire and a LAN, its peer, and a host on the LAN."""

    def __init__(self, namespaces: Namespaces) -> None:
        self.node, self.peer, self.host = (namespaces.make(name) for name in ("node", "peer", "host"))
        self._cable(self.node, "hotwire", NODE, self.peer, "eth0", PEER)
        self._cable(self.node, "lan", "10.99.0.1", self.host, "eth0", INSIDE)
        self.peer.run("ip", "route", "add", "10.99.0.0/24", "via", NODE)
        self.host.run("ip", "route", "add", "default", "via", "10.99.0.1")
        self.node.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def _cable(self, one: Namespace, name: str, own: str, other: Namespace, far: str, address: str) -> None:
        one.run("ip", "link", "add", name, "type", "veth", "peer", "name", "far")
        one.run("ip", "link", "set", "far", "netns", other.entry[2])
        other.run("ip", "link", "set", "far", "name", far)
        for namespace, port, ip in ((one, name, own), (other, far, address)):
            namespace.run("ip", "address", "add", f"{ip}/24", "dev", port)
            namespace.run("ip", "link", "set", port, "up")

    def load_rules(self, cluster: str = CLUSTER_FILE) -> None:
        """The rules that follow from the configuration, which has no firewall of its own."""
        interfaces = {"hotwire": ["hotwire"], "lan": ["lan"]}
        found = rule_set(load_node(NODE_FILE), load_cluster(cluster), interfaces)
        self.node.run("nft", found.text)

    def advertises(self, sender: Namespace) -> bool:
        """Whether an advertisement for VRID 51 of one of the two arrives at the other."""
        ends = {self.node: NODE, self.peer: PEER}
        receiver = self.peer if sender is self.node else self.node
        said = sender.socket(socket.AF_INET, socket.SOCK_RAW, VRRP_PROTOCOL)
        heard = receiver.socket(socket.AF_INET, socket.SOCK_RAW, VRRP_PROTOCOL)
        group = socket.inet_aton("224.0.0.18")
        with said, heard:
            heard.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + socket.inet_aton(ends[receiver])
            )
            heard.settimeout(stretched(0.5))
            said.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ends[sender]))
            said.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            with contextlib.suppress(TimeoutError, PermissionError):
                said.sendto(b"\x31\x33\xfe\x01\x00\x64\x00\x00", ("224.0.0.18", 0))
                return bool(heard.recv(100))
        return False

    def passes(self, kind: int, port: int, source: str = PEER, to: str = NODE) -> bool:
        """Whether what the peer sends there arrives at a service that listens."""
        server = (self.node if to == NODE else self.host).socket(socket.AF_INET, kind)
        client = self.peer.socket(socket.AF_INET, kind)
        with server, client:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((to, port))
            server.settimeout(stretched(0.5))
            client.bind((source, 0))
            client.settimeout(stretched(0.5))
            with contextlib.suppress(TimeoutError):
                if kind == TCP:
                    server.listen(1)
                    client.connect((to, port))
                    return True
                client.sendto(b"x", (to, port))
                return server.recv(10) == b"x"
        return False

    def wait_until_passes(self, kind: int, port: int, what: str) -> None:
        """A cable that is new, or a machine that is busy, may need more than one attempt."""
        wait_for(what, lambda: self.passes(kind, port), within=5)


@pytest.fixture
def wire() -> Iterator[Wire]:
    assert shutil.which("nft"), "the package nftables is missing"
    with Namespaces() as namespaces:
        yield Wire(namespaces)


def kind_of(protocol: Protocol) -> int:
    return TCP if protocol is Protocol.TCP else UDP


def test_in_clear_passes_only_what_has_keys_of_its_own(wire: Wire) -> None:
    """What comes encrypted, a booted pair shows: this kernel may have no ESP."""
    wire.wait_until_passes(TCP, 80, "without rules all passes")
    wire.load_rules()
    for service in SERVICES:
        if service.clear:
            wire.wait_until_passes(kind_of(service.protocol), service.port, service.name)
        else:
            assert not wire.passes(kind_of(service.protocol), service.port), service.name


def test_without_protection_the_list_passes_and_nothing_else(wire: Wire) -> None:
    wire.wait_until_passes(TCP, 80, "without rules all passes")
    wire.load_rules(CLUSTER_FILE.replace("[hotwire]", '[hotwire]\nprotection = "none"'))
    for service in SERVICES:
        wire.wait_until_passes(kind_of(service.protocol), service.port, service.name)
    for kind, port in ((TCP, 80), (TCP, 3780), (TCP, 3781), (UDP, 22), (UDP, 53), (UDP, 3782)):
        assert not wire.passes(kind, port), (kind, port)


def test_nothing_is_forwarded(wire: Wire) -> None:
    wait_for("the route works", lambda: wire.passes(TCP, 22, to=INSIDE), within=5)
    wire.load_rules()
    for kind, port in ((TCP, 22), (UDP, 3781)):
        assert not wire.passes(kind, port, to=INSIDE)


def test_advertisements_pass_only_if_the_configuration_says_so(wire: Wire) -> None:
    ends = (wire.node, wire.peer)
    wait_for("without rules all passes", lambda: all(map(wire.advertises, ends)), within=5)
    wire.load_rules()
    assert not any(map(wire.advertises, ends))
    over = CLUSTER_FILE.replace('port = "hotwire"\n', 'port = "hotwire"\nadvertisements = true\n')
    wire.load_rules(over.replace('port = "lan"\n', 'port = "hotwire"\naddresses_on = "lan"\n'))
    wait_for("they pass", lambda: all(map(wire.advertises, ends)), within=5)
    assert not wire.passes(TCP, 80)
    assert not wire.passes(TCP, 22, to=INSIDE)
