"""What is on the wire, decoded by scapy."""

import itertools
import socket
import statistics

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.layers.vrrp import VRRPv3
from scapy.packet import Raw
from scapy.utils import checksum

from .capture import is_gratuitous_arp
from .namespaces import Namespaces
from .pair import ACTIVE_DOWN, INTERVAL, MAC, OWN, PORTS, VIRTUAL, VRID, Pair, build_pair
from .waiting import wait_for

COUNT = 12


@pytest.mark.parametrize("variant", ["rfc9568", "rfc5798"])
def test_every_field_of_an_advertisement(pair: Pair, variant: str) -> None:
    for node in pair.nodes:
        node.cluster = node.cluster.replace("[vrrp]", f'[vrrp]\nchecksum = "{variant}"')
    captures = {port: pair.capture(port) for port in PORTS}
    pair.start()
    for port, capture in captures.items():
        source = OWN["alpha"][port]
        wait_for("advertisements", lambda c=capture, s=source: len(c.adverts(s)) >= COUNT, within=5)
        for _, frame in capture.adverts(source):
            assert frame[Ether].dst == "01:00:5e:00:00:12"
            assert frame[Ether].src == MAC["alpha"][port]
            ip, vrrp = frame[IP], frame[VRRPv3]
            assert (ip.dst, ip.ttl, ip.proto, ip.ihl) == ("224.0.0.18", 255, 112, 5)
            assert (vrrp.version, vrrp.type, vrrp.vrid) == (3, 1, VRID[port])
            assert (vrrp.priority, vrrp.ipcount, vrrp.res) == (254, 1, 0)
            assert vrrp.adv == round(INTERVAL * 100)
            assert vrrp.addrlist == [VIRTUAL[port]]
            assert internet_checksum_holds(ip, variant)


def internet_checksum_holds(ip: IP, variant: str) -> bool:
    """RFC 9568 §5.2.8: over the message; RFC 5798: over a pseudo-header too."""
    message = bytes(ip.payload)
    length = len(message).to_bytes(2, "big")
    pseudo = socket.inet_aton(ip.src) + socket.inet_aton(ip.dst) + bytes([0, 112]) + length
    return checksum(pseudo + message if variant == "rfc5798" else message) == 0


def test_only_the_active_advertises_and_at_its_interval(pair: Pair) -> None:
    pair.start()
    lan = pair.capture("lan")
    wait_for("advertisements", lambda: len(lan.adverts()) >= 2 * COUNT, within=5)
    assert {frame[IP].src for _, frame in lan.adverts()} == {OWN["alpha"]["lan"]}
    moments = [moment for moment, _ in lan.adverts()]
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert statistics.median(gaps) == pytest.approx(INTERVAL, rel=0.2)
    assert max(gaps) < ACTIVE_DOWN


def test_a_takeover_announces_every_address(pair: Pair) -> None:
    captures = {port: pair.capture(port) for port in PORTS}
    pair.start()
    for port, capture in captures.items():
        wait_for(
            "gratuitous ARP",
            lambda c=capture, a=VIRTUAL[port]: any(is_gratuitous_arp(frame, a) for _, frame in c.read()),
            within=2,
        )


def test_ports_without_own_address_advertise_from_link_local_ones(tmp_path) -> None:
    with Namespaces() as namespaces:
        pair = build_pair(namespaces, tmp_path, addressed=False)
        lan = pair.capture("lan")
        pair.start()
        wait_for("advertisements", lambda: len(lan.adverts()) >= COUNT, within=5)
        sources = {frame[IP].src for _, frame in lan.adverts()}
        assert all(source.startswith("169.254.") for source in sources)
        assert pair.alpha.status()["status"]["state"] == "active"
        assert pair.alpha.own_addresses() == set(), "the source address needs not be on the interface"


def bad_packets() -> dict[str, IP]:
    """One for each reason to discard, from a neighbour that wants to become active."""
    good = VRRPv3(vrid=VRID["lan"], priority=255, adv=10, ipcount=1, addrlist=[VIRTUAL["lan"]])
    ip = IP(src="192.168.12.66", dst="224.0.0.18", ttl=255, proto=112)
    return {
        "version": ip / Raw(b"\x41" + bytes(good)[1:]),
        "type": ip / Raw(b"\x32" + bytes(good)[1:]),
        "vrid": ip / Raw(b"\x31\x63" + bytes(good)[2:]),
        "length": ip / Raw(bytes(good)[:6]),
        "checksum": ip / Raw(bytes(good)[:6] + b"\x12\x34" + bytes(good)[8:]),
    }


@pytest.mark.parametrize("reason", bad_packets())
def test_a_bad_packet_is_counted_and_changes_nothing(pair: Pair, reason: str) -> None:
    pair.start()
    sender = pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("eth0", 0))
    frame = Ether(src="02:00:00:00:00:66", dst="01:00:5e:00:00:12") / bad_packets()[reason]
    sender.send(bytes(frame))

    def discards() -> int:
        interfaces = pair.beta.status()["status"]["interfaces"]
        lan = next(interface for interface in interfaces if interface["port"] == "lan")
        return int(lan["discards"].get(reason, 0))

    wait_for(f"counted as {reason}", lambda: discards() == 1, within=2)
    assert (pair.alpha.state(), pair.beta.state()) == ("active", "backup")


def test_what_came_through_a_router_is_counted_by_the_rules(pair: Pair) -> None:
    """It reaches no socket."""
    pair.start()
    good = bytes(bad_packets()["version"].payload)
    sender = pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("eth0", 0))
    ip = IP(src="192.168.12.66", dst="224.0.0.18", ttl=254, proto=112)
    sender.send(bytes(Ether(src="02:00:00:00:00:66", dst="01:00:5e:00:00:12") / ip / Raw(good)))

    def routed() -> str:
        listed = pair.beta.namespace.run("nft", "list", "chain", "inet", "hotspare", "ha")
        return next(line.strip() for line in listed.splitlines() if "ip ttl != 255" in line)

    wait_for("it is counted", lambda: routed().startswith("ip ttl != 255 counter packets 1 "), within=2)
    assert pair.beta.status()["status"]["interfaces"][0]["discards"] == {}
