"""What was told to the other kernel goes on there: real packets of each protocol, and what a helper expects.

alpha is active, beta its spare, which takes over by getting the next packet.
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.sctp import (
    SCTP,
    SCTPChunkCookieAck,
    SCTPChunkCookieEcho,
    SCTPChunkData,
    SCTPChunkHeartbeatReq,
    SCTPChunkInit,
    SCTPChunkInitAck,
)
from scapy.packet import Packet

from hadaemon.config.conntrack_model import Conntrack, Helper
from hadaemon.firewall.helpers import helper_objects, helper_rules

from .conntrack import Kernel, build_kernels
from .namespaces import Namespaces
from .waiting import stretched, wait_for

NEAR, FAR = "10.99.0.1", "10.99.0.2"
FTP, DATA = 21, 5000
COUNTING = """
table inet t {
    HELPERS
    chain assigned {
        type filter hook output priority -150;
        RULES
    }
    chain counted {
        type filter hook output priority 0;
        ct state established counter comment "established"
        ct state related counter comment "related"
        ct state invalid counter comment "invalid"
        ct state new counter comment "new"
    }
}
"""
"""The rules that assign helpers, here to a node's own connections, and what the kernel thinks of packets."""
HELPED = Conntrack(helpers=(Helper("ftp"),))
V4, V6 = {"src": "10.0.0.1", "dst": "203.0.113.9"}, {"src": "2001:db8::1", "dst": "2001:db8::2"}
NEXT: dict[str, Packet] = {
    "TCP": IP(**V4) / TCP(sport=1, dport=443, flags="A", seq=77, ack=99) / b"more",
    "UDP": IP(**V4) / UDP(sport=5, dport=53) / b"more",
    "ICMP": IP(**V4) / ICMP(id=7, seq=2),
    "TCP, IPv6": IPv6(**V6) / TCP(sport=1, dport=443, flags="A", seq=77, ack=99) / b"more",
    "ICMP, IPv6": IPv6(**V6) / ICMPv6EchoRequest(id=7, seq=2),
}
"""The next packet of connections of the mixture, as the near end sends it."""
SCTP_DATA = IP(**V4) / SCTP(sport=60, dport=70, tag=2) / SCTPChunkData(tsn=7, data=b"more")
UNANSWERED = {"UDP", "ICMP", "ICMP, IPv6"}
"""The mixture has no answer to them: their next packet is a new one of the same entry."""


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[tuple[Kernel, Kernel]]:
    with Namespaces() as namespaces:
        pair = build_kernels(namespaces, tmp_path)
        for kernel in pair:
            rules = COUNTING.replace("HELPERS", "\n".join(helper_objects(HELPED)))
            rules = rules.replace("RULES", "\n".join(helper_rules(HELPED)))
            kernel.namespace.run("nft", "-f", "-", stdin=rules)
            kernel.namespace.run("sh", "-c", "echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose")
            kernel.namespace.run("sh", "-c", "echo 1 > /proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal")
            for address in (NEAR, FAR):
                kernel.namespace.run("ip", "address", "add", f"{address}/32", "dev", "lo")
            kernel.namespace.run("ip", "route", "add", "203.0.113.0/24", "dev", "lo")
            kernel.namespace.run("ip", "route", "add", "10.0.0.0/24", "dev", "lo")
            kernel.namespace.run("ip", "-6", "route", "add", "2001:db8::/64", "dev", "lo")
            kernel.start()
        yield pair


def counted(kernel: Kernel, what: str) -> int:
    text = kernel.namespace.run("nft", "list", "chain", "inet", "t", "counted")
    found = re.search(rf'packets (\d+) bytes \d+ comment "{what}"', text)
    assert found
    return int(found[1])


def send(kernel: Kernel, packet: Packet) -> None:
    family = socket.AF_INET6 if IPv6 in packet else socket.AF_INET
    raw = kernel.namespace.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(bytes(packet), (packet.dst, 0))


@pytest.mark.parametrize("kind", NEXT)
def test_its_next_packet_belongs_to_it_on_the_other_node(kernels: tuple[Kernel, Kernel], kind: str) -> None:
    alpha, beta = kernels
    alpha.add_mixture()
    beta.wait_count(alpha.count())
    entries = beta.count()
    what = "new" if kind in UNANSWERED else "established"
    before = counted(beta, what)
    send(beta, NEXT[kind])
    assert counted(beta, what) == before + 1
    assert counted(beta, "invalid") == 0
    assert beta.count() == entries, "it is no connection of its own"


def test_an_sctp_association_goes_on_on_the_other_node(kernels: tuple[Kernel, Kernel]) -> None:
    """With the verification tags that the kernel checks: no octet of them is another one. Its four steps as
    packets, since not every host's kernel has SCTP."""
    alpha, beta = kernels
    there, back = IP(**V4), IP(src=V4["dst"], dst=V4["src"])
    near, far = 0x11223344, 0x55667788
    for packet in (
        there / SCTP(sport=60, dport=70, tag=0) / SCTPChunkInit(init_tag=near, init_tsn=7),
        back / SCTP(sport=70, dport=60, tag=near) / SCTPChunkInitAck(init_tag=far, init_tsn=7),
        there / SCTP(sport=60, dport=70, tag=far) / SCTPChunkCookieEcho(cookie=b"baked"),
        back / SCTP(sport=70, dport=60, tag=near) / SCTPChunkCookieAck(),
    ):
        send(alpha, packet)
    established = "sctp.*ESTABLISHED.*ASSURED"
    for kernel in (alpha, beta):
        wait_for(f"{kernel.name} has it", lambda k=kernel: re.search(established, str(k.entries())), 5)
    before, invalid = counted(beta, "established"), counted(beta, "invalid")
    data = SCTPChunkData(tsn=7, data=b"more")
    goes_on = (
        there / SCTP(sport=60, dport=70, tag=far) / data,
        back / SCTP(sport=70, dport=60, tag=near) / data,
        there / SCTP(sport=60, dport=70, tag=far) / SCTPChunkHeartbeatReq(),
    )
    for packet in goes_on:
        send(beta, packet)
    assert counted(beta, "established") == before + len(goes_on)
    assert counted(beta, "invalid") == invalid
    send(beta, there / SCTP(sport=60, dport=70, tag=near) / data)
    assert counted(beta, "invalid") == invalid + 1, "the tags are still checked"


def test_without_its_entry_it_would_be_invalid(kernels: tuple[Kernel, Kernel]) -> None:
    """The control of the test above: nothing is taken up in its middle."""
    _, beta = kernels
    for packet in (NEXT["TCP"], SCTP_DATA, NEXT["TCP, IPv6"]):
        before = counted(beta, "invalid")
        send(beta, packet)
        assert counted(beta, "invalid") > before


def test_what_a_helper_expects_is_expected_on_the_other_node(kernels: tuple[Kernel, Kernel]) -> None:
    """Passive FTP: the server names a port over the one connection, and the other node lets the data in."""
    alpha, beta = kernels
    server = listening(alpha, FTP)
    near = alpha.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    near.bind((NEAR, 0))
    near.connect((FAR, FTP))
    far, _ = server.accept()
    far.settimeout(stretched(5))
    far.sendall(b"220 Here you are.\r\n")
    assert near.recv(100).startswith(b"220")
    near.sendall(b"PASV\r\n")
    assert far.recv(100) == b"PASV\r\n"
    named = f"{FAR.replace('.', ',')},{DATA >> 8},{DATA & 255}"
    far.sendall(f"227 Entering Passive Mode ({named}).\r\n".encode())
    assert near.recv(100).startswith(b"227")
    wait_for("alpha expects it", lambda: f"dport={DATA}" in expected(alpha), 5)
    wait_for("beta expects it", lambda: f"dport={DATA}" in expected(beta), 5)
    data = listening(beta, DATA)
    client = beta.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.bind((NEAR, 0))
    before = counted(beta, "related")
    client.connect((FAR, DATA))
    accepted, _ = data.accept()
    accepted.settimeout(stretched(5))
    assert counted(beta, "related") == before + 1, "it belongs to the connection of the other node"
    for each in (near, far, server, client, accepted, data):
        each.close()


def listening(kernel: Kernel, port: int) -> socket.socket:
    server = kernel.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind((FAR, port))
    server.listen()
    server.settimeout(stretched(5))
    return server


def expected(kernel: Kernel) -> str:
    return kernel.namespace.run("conntrack", "-L", "expect")
