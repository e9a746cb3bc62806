"""The bytes of what the edge builds itself, decoded by scapy."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    in6_chksum,
)
from scapy.layers.l2 import ARP, Ether

from hadaemon.io.packets.arp import gratuitous_arp
from hadaemon.io.packets.na import advertised, neighbour_probe, unsolicited_advertisement
from hadaemon.io.packets.vrrp_socket import ip_header, split_ipv4
from hadaemon.vrrp import IPV4_GROUP, IPV6_GROUP

SOURCE = IPv4Address("192.168.12.141")


def test_gratuitous_arp_is_a_broadcast_request_for_itself():
    frame = Ether(gratuitous_arp(bytes.fromhex("525400480a01"), IPv4Address("192.168.12.1")))
    assert (frame.src, frame.dst) == ("52:54:00:48:0a:01", "ff:ff:ff:ff:ff:ff")
    arp = frame[ARP]
    assert (arp.op, arp.hwsrc, arp.psrc, arp.pdst) == (1, frame.src, "192.168.12.1", "192.168.12.1")
    assert arp.hwdst == "00:00:00:00:00:00"


def test_unsolicited_advertisement_tells_all_nodes_of_a_router_with_a_new_mac():
    frame = Ether(unsolicited_advertisement(bytes.fromhex("525400480a01"), IPv6Address("fe80::48:33")))
    assert (frame.src, frame.dst, frame.type) == ("52:54:00:48:0a:01", "33:33:00:00:00:01", 0x86DD)
    ip, message = frame[IPv6], frame[ICMPv6ND_NA]
    assert (ip.src, ip.dst, ip.hlim, ip.nh, ip.plen) == ("fe80::48:33", "ff02::1", 255, 58, 32)
    assert (message.R, message.S, message.O, message.tgt) == (1, 0, 1, "fe80::48:33")
    assert message[ICMPv6NDOptDstLLAddr].lladdr == "52:54:00:48:0a:01"
    given, message.cksum = message.cksum, 0
    assert given == in6_chksum(58, ip, bytes(message))


def test_a_probe_asks_the_solicited_node_group_and_says_nothing_of_who_asks():
    """RFC 4862 §5.4.2; RFC 4861 §4.3: without the option that would say it."""
    frame = Ether(neighbour_probe(bytes.fromhex("525400480b01"), IPv6Address("2001:db8:12::ab:cdef")))
    assert (frame.src, frame.dst, frame.type) == ("52:54:00:48:0b:01", "33:33:ff:ab:cd:ef", 0x86DD)
    ip, message = frame[IPv6], frame[ICMPv6ND_NS]
    assert (ip.src, ip.dst, ip.hlim, ip.nh, ip.plen) == ("::", "ff02::1:ffab:cdef", 255, 58, 24)
    assert (message.tgt, bytes(message.payload)) == ("2001:db8:12::ab:cdef", b"")
    given, message.cksum = message.cksum, 0
    assert given == in6_chksum(58, ip, bytes(message))


VIRTUAL6 = "2001:db8:12::1"
WHERE = (ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:66"),)


def answer(hop_limit=255, code=0, options=WHERE, **fields):
    """What a station sends to all nodes when it is probed."""
    frame = Ether(src="02:00:00:00:00:99", dst="33:33:00:00:00:01")
    frame /= IPv6(src=VIRTUAL6, dst="ff02::1", hlim=hop_limit)
    frame /= ICMPv6ND_NA(tgt=VIRTUAL6, code=code, **fields)
    for option in options:
        frame /= option
    return bytes(frame)


def test_an_answer_says_where_an_address_is():
    assert advertised(answer()) == (IPv6Address(VIRTUAL6), "02:00:00:00:00:66")
    others = (
        ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:01"),
        ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:67"),
    )
    assert advertised(answer(options=others)) == (IPv6Address(VIRTUAL6), "02:00:00:00:00:67")
    assert advertised(answer(options=())) == (IPv6Address(VIRTUAL6), "02:00:00:00:00:99")
    assert advertised(answer() + b"padding") == (IPv6Address(VIRTUAL6), "02:00:00:00:00:66")


@pytest.mark.parametrize(
    "frame",
    [
        answer(hop_limit=64),
        answer(code=1),
        answer(cksum=0x1234),
        answer()[:70],
        b"",
        neighbour_probe(bytes(6), IPv6Address(VIRTUAL6)),
    ],
)
def test_what_is_no_valid_answer_says_nothing(frame: bytes):
    assert advertised(frame) is None


def test_ipv6_header():
    ip = IPv6(ip_header(24, IPv6Address("fe80::1"), IPV6_GROUP) + bytes(24))
    assert (ip.version, ip.tc, ip.fl, ip.plen, ip.nh, ip.hlim) == (6, 0xC0, 0, 24, 112, 255)
    assert (ip.src, ip.dst) == ("fe80::1", "ff02::12")


def test_ip_header():
    ip = IP(ip_header(12, SOURCE, IPV4_GROUP) + bytes(12))
    assert (ip.version, ip.ihl, ip.tos, ip.len, ip.ttl, ip.proto) == (4, 5, 0xC0, 32, 255, 112)
    assert (ip.src, ip.dst) == (str(SOURCE), "224.0.0.18")


def test_what_a_raw_socket_delivers_is_taken_apart():
    ip = IP(src=str(SOURCE), dst="224.0.0.18", ttl=7, proto=112, options=b"\x01\x01\x01\x01") / b"payload"
    packet = split_ipv4(bytes(ip) + b"padding")
    assert packet is not None
    assert (packet.payload, packet.source, packet.ttl) == (b"payload", SOURCE, 7)


@pytest.mark.parametrize("length", [0, 1, 19])
def test_less_than_a_header_is_nothing(length: int):
    assert split_ipv4(bytes(length)) is None
