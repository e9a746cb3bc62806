"""Router advertisements: of the active node alone, from the virtual link-local address; none at its end."""

import signal
import socket
from collections.abc import Callable

import pytest
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from .capture import Capture
from .pair import CLUSTER, MAC, Pair, TestNode
from .test_hactl import hactl
from .waiting import wait_for

LINK_LOCAL = "fe80::48:33"
VIRTUAL_MAC = "00:00:5e:00:02:33"
ADVERTISING = CLUSTER.replace(
    'virtual_addresses = ["192.168.12.1/24"]',
    'virtual_addresses = ["192.168.12.1/24", "2001:db8:12::1/64"]\n'
    '[ha_interfaces.router_advertisements]\ninterval = "4s"\nlifetime = "12s"',
)
SOLICITATION = bytes.fromhex("8500000000000000")


@pytest.fixture
def advertising(pair: Pair) -> Pair:
    for node in pair.nodes:
        node.cluster = ADVERTISING
    return pair


def sent_by(mac: str) -> Callable[[Packet], bool]:
    return lambda frame: ICMPv6ND_RA in frame and frame[Ether].src == mac


def advertisements(lan: Capture) -> list[Packet]:
    return [frame for _, frame in lan.read() if ICMPv6ND_RA in frame]


def holds(node: TestNode) -> bool:
    return LINK_LOCAL in node.namespace.run("ip", "-6", "address", "show")


def test_the_active_node_is_the_router_at_once_and_goes_on_by_itself(advertising: Pair) -> None:
    lan = advertising.capture("lan")
    advertising.start()
    _, first = lan.wait("the first", sent_by(MAC["alpha"]["lan"]), within=3)
    assert (first[IPv6].src, first[IPv6].dst, first[IPv6].hlim) == (LINK_LOCAL, "ff02::1", 255)
    assert first[ICMPv6ND_RA].routerlifetime == 12
    assert first[ICMPv6NDOptPrefixInfo].prefix == "2001:db8:12::"
    assert first[ICMPv6NDOptSrcLLAddr].lladdr == MAC["alpha"]["lan"]
    lan.wait("the next", sent_by(MAC["alpha"]["lan"]), within=5)
    assert not [frame for frame in advertisements(lan) if frame[Ether].src == MAC["beta"]["lan"]]


@pytest.mark.parametrize("way", ["switch", "stop", "kill"])
def test_the_other_node_goes_on_as_the_same_router(advertising: Pair, way: str) -> None:
    pair = advertising
    pair.start()
    lan = pair.capture("lan")
    if way == "switch":
        assert hactl(pair.alpha, "switch").returncode == 0
    else:
        pair.alpha.signal(signal.SIGTERM if way == "stop" else signal.SIGKILL)
        pair.alpha.wait_end()
    pair.wait_holder(pair.beta) if way != "kill" else pair.beta.wait_state("active")
    _, first = lan.wait("of the new active node", sent_by(MAC["beta"]["lan"]), within=2)
    assert first[IPv6].src == LINK_LOCAL
    lan.wait("the next", sent_by(MAC["beta"]["lan"]), within=5)
    frames = advertisements(lan)
    assert {frame[ICMPv6ND_RA].routerlifetime for frame in frames} == {12}, "nobody takes the gateway away"
    macs = [frame[Ether].src for frame in frames]
    assert MAC["alpha"]["lan"] not in macs[macs.index(MAC["beta"]["lan"]) :]


def test_who_asks_is_answered(advertising: Pair) -> None:
    pair = advertising
    for node in pair.nodes:
        node.cluster = node.cluster.replace('"4s"', '"1800s"').replace('"12s"', '"1800s"')
    lan = pair.capture("lan")
    pair.start()
    lan.wait("the first", sent_by(MAC["alpha"]["lan"]), within=3)
    host = pair.client.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    host.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    host.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    wait_for(
        "the client has an address", lambda: "tentative" not in pair.client.run("ip", "-6", "address"), 5
    )
    host.sendto(SOLICITATION, ("ff02::2", 0))
    lan.wait("the answer", sent_by(MAC["alpha"]["lan"]), within=4.5)
    host.close()


def test_with_virtual_mac_addresses_the_router_has_one_too(advertising: Pair) -> None:
    pair = advertising
    for node in pair.nodes:
        node.cluster = node.cluster.replace("[vrrp]", "[vrrp]\nvirtual_mac = true")
    lan = pair.capture("lan")
    pair.start()
    _, first = lan.wait("from the virtual MAC address", sent_by(VIRTUAL_MAC), within=3)
    assert (first[IPv6].src, first[ICMPv6NDOptSrcLLAddr].lladdr) == (LINK_LOCAL, VIRTUAL_MAC)
    assert hactl(pair.alpha, "switch").returncode == 0
    pair.beta.wait_state("active")
    lan.wait("of the new active node", sent_by(VIRTUAL_MAC), within=2)


def test_a_reload_that_ends_it_is_silent(advertising: Pair) -> None:
    pair = advertising
    lan = pair.capture("lan")
    pair.start()
    lan.wait("the first", sent_by(MAC["alpha"]["lan"]), within=3)
    pair.alpha.cluster = (
        ADVERTISING[: ADVERTISING.index("[ha_interfaces.router")]
        + ADVERTISING[ADVERTISING.index('[[ha_interfaces]]\nport = "wan"') :]
    )
    pair.alpha.configure()
    assert pair.alpha.ask("reload")["ok"]
    assert holds(pair.alpha)
    assert {frame[ICMPv6ND_RA].routerlifetime for frame in advertisements(lan)} == {12}
