"""The bytes of what the edge builds itself, decoded by scapy."""

from ipaddress import IPv4Address

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import ARP, Ether

from hadaemon.io.arp import gratuitous_arp
from hadaemon.io.vrrp_socket import ip_header, split_ip

SOURCE = IPv4Address("192.168.12.141")


def test_gratuitous_arp_is_a_broadcast_request_for_itself():
    frame = Ether(gratuitous_arp(bytes.fromhex("525400480a01"), IPv4Address("192.168.12.1")))
    assert (frame.src, frame.dst) == ("52:54:00:48:0a:01", "ff:ff:ff:ff:ff:ff")
    arp = frame[ARP]
    assert (arp.op, arp.hwsrc, arp.psrc, arp.pdst) == (1, frame.src, "192.168.12.1", "192.168.12.1")
    assert arp.hwdst == "00:00:00:00:00:00"


def test_ip_header():
    ip = IP(ip_header(12, SOURCE) + bytes(12))
    assert (ip.version, ip.ihl, ip.tos, ip.len, ip.ttl, ip.proto) == (4, 5, 0xC0, 32, 255, 112)
    assert (ip.src, ip.dst) == (str(SOURCE), "224.0.0.18")


def test_what_a_raw_socket_delivers_is_taken_apart():
    ip = IP(src=str(SOURCE), dst="224.0.0.18", ttl=7, proto=112, options=b"\x01\x01\x01\x01") / b"payload"
    packet = split_ip(bytes(ip) + b"padding")
    assert packet is not None
    assert (packet.payload, packet.source, packet.ttl) == (b"payload", SOURCE, 7)


@pytest.mark.parametrize("length", [0, 1, 19])
def test_less_than_a_header_is_nothing(length: int):
    assert split_ip(bytes(length)) is None
