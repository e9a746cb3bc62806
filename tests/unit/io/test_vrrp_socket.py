"""How much of a packet is read: all of any advertisement, and not more of what cannot be one."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest

from hadaemon.io.packets.vrrp_socket import Packet, VrrpSocket, ip_header
from hadaemon.vrrp import (
    IPV4_GROUP,
    Advertisement,
    Centiseconds,
    Discard,
    DiscardReason,
    Priority,
    Vrid,
    decode,
    encode,
)

SOURCE = IPv4Address("192.0.2.3")
MOST = 255
TRAILER = 28
LONGEST_IPV6 = 8 + 16 * MOST + TRAILER
"""Bytes of a message with as many addresses as it can have, and its signature."""


@pytest.fixture
def opened() -> Iterator[tuple[socket.socket, VrrpSocket]]:
    """Somebody who sends whole packets, and the socket that gets them, which no interface is needed for."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.setblocking(False)
        subject = object.__new__(VrrpSocket)
        subject._socket, subject.family = theirs, 4
        yield ours, subject


def received(opened: tuple[socket.socket, VrrpSocket], payload: bytes) -> Packet:
    sender, subject = opened
    sender.send(ip_header(len(payload), SOURCE, IPV4_GROUP) + payload)
    (packet,) = subject.receive(1)
    return packet


def test_the_longest_advertisement_is_read_whole(opened: tuple[socket.socket, VrrpSocket]) -> None:
    addresses = tuple(IPv4Address("198.51.100.0") + number for number in range(MOST))
    advertisement = Advertisement(Vrid(51), Priority(100), Centiseconds(10), addresses)
    packet = received(opened, encode(advertisement, SOURCE, IPV4_GROUP))
    assert decode(packet.payload, packet.source, packet.destination, packet.ttl) == advertisement
    assert len(received(opened, bytes(LONGEST_IPV6)).payload) == LONGEST_IPV6
    assert len(IPv6Address("::").packed) * MOST < LONGEST_IPV6


def test_no_more_is_read_than_an_advertisement_can_have(opened: tuple[socket.socket, VrrpSocket]) -> None:
    packet = received(opened, bytes([0x31, 51, 100, MOST]) + bytes(60_000))
    assert LONGEST_IPV6 <= len(packet.payload) < 2 * LONGEST_IPV6
    with pytest.raises(Discard) as caught:
        decode(packet.payload, packet.source, packet.destination, packet.ttl)
    assert caught.value.reason is DiscardReason.CHECKSUM
