"""What a flood from many senders leaves to the other node: the rules alone, without the daemon."""

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from hadaemon.config import load_cluster, load_node
from hadaemon.firewall.ruleset import rule_set
from hadaemon.vrrp import IP_PROTOCOL

from .namespaces import Namespace, Namespaces

PORTS = {"lan": "10.9.1", "wan": "10.9.2"}
MAC = {"lan": "52:54:00:48:0a:01", "wan": "52:54:00:48:0a:02"}
VRID = {"lan": 51, "wan": 52}
GROUP, GROUP_MAC = "224.0.0.18", "01:00:5e:00:00:12"
FORGED = 100
"""Senders, with a packet each: more than have places, and more than others may send in a row."""
SAID, OWN = 25, 8
"""Packets of the other node in a row: more than others may send, and not too many while it is alone; and as
many as it may in a flood."""

MUCH = 30
"""Packets of each of several senders: fewer in all than the kernel keeps for a socket."""

COUNT = """
import json, socket, struct, sys
from collections import Counter

sockets = {}
for name in ("lan", "wan"):
    sockets[name] = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
    sockets[name].setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
    group = struct.pack("=4s4si", socket.inet_aton("224.0.0.18"), bytes(4), socket.if_nametoindex(name))
    sockets[name].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    sockets[name].setblocking(False)
print("listening", flush=True)
for _ in sys.stdin:
    heard = Counter()
    for name, each in sockets.items():
        try:
            while True:
                heard[name, each.recvfrom(2048)[1][0]] += 1
        except BlockingIOError:
            pass
    print(json.dumps([[*key, count] for key, count in heard.items()]), flush=True)
"""


def node_with_rules(namespaces: Namespaces, **peers: str) -> tuple[Namespace, Namespace]:
    """A node with the rules of its configuration, and a neighbour on both ports. `peers`: how the other node
    is named, by port."""
    node, neighbour = namespaces.make("node"), namespaces.make("neighbour")
    ports, interfaces = "", ""
    for name, network in PORTS.items():
        make = ["type", "veth", "peer", "name", f"far-{name}", "netns", neighbour.entry[2]]
        node.run("ip", "link", "add", name, "address", MAC[name], *make)
        node.run("ip", "address", "add", f"{network}.1/24", "dev", name)
        node.run("ip", "link", "set", name, "up")
        neighbour.run("ip", "link", "set", f"far-{name}", "up")
        ports += f'[ports.{name}]\nmac = "{MAC[name]}"\naddresses = ["{network}.1/24"]\n'
        interfaces += f'[[ha_interfaces]]\nport = "{name}"\nvirtual_addresses = ["{network}.100/24"]\n'
        if name in peers:
            interfaces += f'peers = {{ alpha = "{network}.1", beta = "{peers[name]}" }}\n'
    found = rule_set(
        load_node(f'schema = 1\nname = "alpha"\n{ports}'),
        load_cluster(f'schema = 1\nname = "office"\nmaster = "alpha"\n{interfaces}'),
        {name: (name,) for name in PORTS},
    )
    node.run("nft", "--file", "-", stdin=found.text)
    return node, neighbour


def say(neighbour: Namespace, port: str, sources: Iterable[str], to: str = GROUP) -> None:
    """One packet from each of these addresses."""
    message = bytes([0x31, VRID[port], 100, 1, 0, 100, 0, 0])
    ethernet = Ether(dst=GROUP_MAC if to == GROUP else MAC[port])
    senders = list(sources)
    frames = {
        source: bytes(ethernet / IP(src=source, dst=to, ttl=255, proto=IP_PROTOCOL) / Raw(message))
        for source in set(senders)
    }
    with neighbour.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((f"far-{port}", 0))
        for source in senders:
            sender.send(frames[source])


def forged(port: str) -> list[str]:
    """Neighbours that there are none of."""
    return [f"{PORTS[port]}.{100 + number}" for number in range(FORGED)]


class Listener:
    """Who is heard behind the rules."""

    def __init__(self, node: Namespace) -> None:
        self._process = subprocess.Popen(
            [*node.entry, sys.executable, "-I", "-S", "-c", COUNT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "listening\n"

    def heard(self) -> Counter[tuple[str, str]]:
        """Packets since the last time, by port and source."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        return Counter(
            {(port, who): count for port, who, count in json.loads(self._process.stdout.readline())}
        )

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)


def test_a_peer_that_is_named_has_its_room_whoever_came_before() -> None:
    own, peer = f"{PORTS['lan']}.1", f"{PORTS['lan']}.2"
    with Namespaces() as namespaces:
        node, neighbour = node_with_rules(namespaces, lan=peer)
        with Listener(node) as listener:
            say(neighbour, "lan", forged("lan"), to=own)
            assert listener.heard().total() > 0, "some are seen, to be counted"
            say(neighbour, "lan", [peer] * SAID, to=own)
            assert listener.heard()["lan", peer] == SAID


def test_who_floods_one_network_takes_no_room_on_another_one() -> None:
    peer = f"{PORTS['lan']}.2"
    with Namespaces() as namespaces:
        node, neighbour = node_with_rules(namespaces)
        with Listener(node) as listener:
            say(neighbour, "wan", forged("wan"))
            assert listener.heard().total() > 0
            say(neighbour, "lan", [peer] * SAID)
            assert listener.heard()["lan", peer] == SAID


def test_who_was_heard_before_a_flood_is_heard_in_it() -> None:
    peer = f"{PORTS['lan']}.2"
    with Namespaces() as namespaces:
        node, neighbour = node_with_rules(namespaces)
        with Listener(node) as listener:
            say(neighbour, "lan", [peer, *forged("lan")])
            assert listener.heard()["lan", peer] == 1
            say(neighbour, "lan", [peer] * OWN)
            assert listener.heard()["lan", peer] == OWN


def test_many_senders_together_have_less_room_than_each_alone() -> None:
    """Each has its own room, and all share the rest."""
    senders = forged("lan")[:8]
    with Namespaces() as namespaces:
        node, neighbour = node_with_rules(namespaces)
        with Listener(node) as listener:
            began = time.monotonic()
            say(neighbour, "lan", senders * MUCH)
            passed = time.monotonic() - began
            heard = listener.heard()
    assert all(heard["lan", sender] >= OWN for sender in senders)
    assert heard.total() <= 8 * 10 + 20 + (8 * 40 + 80) * passed + 8
