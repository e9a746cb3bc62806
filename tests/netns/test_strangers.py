"""Protocol 112 from whoever likes to send it: what never reaches the daemon, and what it costs at most."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from ipaddress import IPv4Address

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from hadaemon.vrrp import IP_PROTOCOL, IPV4_GROUP, Advertisement, Centiseconds, Priority, Vrid, encode
from hadaemon.vrrp.model import MAX_INTERVAL

from .namespaces import Namespace, Namespaces
from .pair import MAC, OWN, VIRTUAL, VRID, Pair, TestNode
from .waiting import wait_for

STRANGER, STRANGER6 = "192.168.12.66", "fe80::66"
STRANGER_MAC = "02:00:00:00:00:66"
GROUP_MAC, GROUP6_MAC = "01:00:5e:00:00:12", "33:33:00:00:00:12"
FLOOD = 3000
MESSAGE = b"\x31\x33\xfe\x01\x00\x64\x00\x00"

LISTEN = """
import json, socket, sys, time
from ipaddress import ip_address
from hadaemon.io.packets.vrrp_socket import VrrpSocket
from hadaemon.vrrp import Admission, Version, Vrid

index = socket.if_nametoindex("lan")
places = ("224.0.0.18", "ff02::12", "10.9.0.1")
admissions = [Admission(Version.V3, (Vrid(51),), ip_address(to)) for to in places]
sockets = [VrrpSocket(index, each, refused=refused) for each in admissions for refused in (False, True)]
print("listening", flush=True)
sys.stdin.readline()
said = [[packet.payload.hex() for packet in each.receive(64)] for each in sockets]
print(json.dumps(said), flush=True)
"""


def ip4(to: str, ttl: int = 255, mac: str = GROUP_MAC) -> Packet:
    return Ether(src=STRANGER_MAC, dst=mac) / IP(src=STRANGER, dst=to, ttl=ttl, proto=IP_PROTOCOL)


def ip6(to: str, hop_limit: int = 255, mac: str = GROUP6_MAC) -> Packet:
    return Ether(src=STRANGER_MAC, dst=mac) / IPv6(src=STRANGER6, dst=to, hlim=hop_limit, nh=IP_PROTOCOL)


def send(namespace: Namespace, *frames: Packet) -> None:
    """By the card eth0 of a neighbour."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        for frame in frames:
            sender.send(bytes(frame))


def cable(namespaces: Namespaces) -> tuple[Namespace, Namespace]:
    """A node that has no rules, and a neighbour."""
    node, neighbour = namespaces.make("node"), namespaces.make("neighbour")
    make = ["type", "veth", "peer", "name", "eth0"]
    node.run("ip", "link", "add", "lan", "address", MAC["alpha"]["lan"], *make)
    node.run("ip", "link", "set", "eth0", "netns", neighbour.entry[2])
    for address in ("10.9.0.1/24", "fe80::1/64"):
        node.run("ip", "address", "add", address, "dev", "lan", *(["nodad"] if ":" in address else []))
    node.run("ip", "link", "set", "lan", "up")
    neighbour.run("ip", "link", "set", "eth0", "up")
    node.run("ip", "route", "add", "192.168.12.0/24", "dev", "lan")
    return node, neighbour


def test_a_socket_gets_what_is_for_its_virtual_router_and_another_one_the_rest() -> None:
    good, other = Raw(MESSAGE), Raw(b"\x31\x34" + MESSAGE[2:])
    with Namespaces() as namespaces:
        node, neighbour = cable(namespaces)
        own = MAC["alpha"]["lan"]
        with subprocess.Popen(
            [*node.entry, sys.executable, "-P", "-c", LISTEN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            send(neighbour, ip4("224.0.0.18") / good, ip4("224.0.0.18", 254) / good)
            send(neighbour, ip4("224.0.0.18") / other, ip4("10.9.0.1", mac=own) / good)
            send(neighbour, ip6("ff02::12") / good, ip6("ff02::12", 254) / good)
            send(neighbour, ip6("ff02::12") / other, ip6("fe80::1", mac=own) / good)
            told, _ = listener.communicate("look\n", timeout=30)
    mine, foreign = MESSAGE.hex(), bytes(other).hex()
    assert json.loads(told) == [
        [mine],
        [mine, foreign, mine],
        [mine],
        [mine, foreign, mine],
        [mine],
        [mine, mine, foreign],
    ]


def discards(node: TestNode) -> dict[str, int]:
    """Of the LAN, by reason."""
    interfaces = node.status()["status"]["interfaces"]
    return dict(next(each["discards"] for each in interfaces if each["port"] == "lan"))


def better() -> bytes:
    """An advertisement that nobody could withstand."""
    addresses = (IPv4Address(VIRTUAL["lan"]),)
    content = Advertisement(Vrid(VRID["lan"]), Priority(255), Centiseconds(10), addresses)
    return encode(content, IPv4Address(STRANGER), IPV4_GROUP)


def test_what_is_sent_to_the_node_and_not_to_the_group_is_no_advertisement(pair: Pair) -> None:
    pair.start()
    for name in OWN:
        send(pair.client, ip4(OWN[name]["lan"], mac=MAC[name]["lan"]) / Raw(better()))
    send(pair.client, ip4("224.0.0.18") / Raw(b"\x41" + MESSAGE[1:]))
    wait_for("what came after it is counted", lambda: discards(pair.beta) == {"version": 1}, within=3)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")


def test_a_flood_from_one_sender_is_cut_down_and_the_other_node_is_still_heard(pair: Pair) -> None:
    pair.start()
    wrong = bytes(ip4("224.0.0.18") / Raw(better()[:6] + b"\x12\x34" + better()[8:]))
    began = time.monotonic()
    with pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        for number in range(FLOOD):
            sender.send(wrong)
            if number % 10 == 0:
                time.sleep(0.001)
    wait_for("they are counted", lambda: discards(pair.beta).get("checksum", 0) >= 30, within=3)
    room = 60 + 200 * (time.monotonic() - began)
    assert discards(pair.beta)["checksum"] <= min(room, FLOOD / 2)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")
    assert "active" not in {change["after"] for change in pair.beta.history()}


def test_one_advertisement_of_forty_seconds_has_no_dead_node_waited_for(pair: Pair) -> None:
    """It comes just before the active node dies, from a stranger; then the real one is heard no more."""
    pair.start()
    addresses = (IPv4Address(VIRTUAL["lan"]),)
    slow = Advertisement(Vrid(VRID["lan"]), Priority(253), MAX_INTERVAL, addresses)
    stray = bytes(ip4("224.0.0.18") / Raw(encode(slow, IPv4Address(STRANGER), IPV4_GROUP)))
    pair.alpha.signal(signal.SIGSTOP)
    with pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        sender.send(stray)
    pair.alpha.kill()
    pair.wait_holder(pair.beta, within=10)
    wait_for("the stranger is told", lambda: named(pair.beta) == [STRANGER], within=2)


def named(node: TestNode) -> list[str]:
    """Who named an interval that was not believed, as `hactl status` says."""
    return re.findall(r"port lan: (\S+) named an advertisement interval of 40.95 s", node.problems())
