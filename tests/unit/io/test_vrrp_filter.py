"""What the filter of a VRRP socket keeps, by an interpreter of its programs, and why it refuses the rest."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.io.packets.socket_filter import (
    AT_LEAST,
    EQUAL,
    LOAD_BYTE,
    LOAD_HEADER_LENGTH,
    LOAD_INDEXED_BYTE,
    LOAD_LENGTH,
    LOAD_WORD,
    NETWORK_HEADER,
    RETURN,
    Instruction,
)
from hadaemon.io.packets.vrrp_filter import vrrp_filter
from hadaemon.io.packets.vrrp_socket import ip_header
from hadaemon.vrrp import IPV4_GROUP, IPV6_GROUP, Admission, DiscardReason, IPAddress, Version, Vrid

OWN = IPv4Address("192.0.2.2")
OWN6 = IPv6Address("fe80::2")
SOURCES: dict[int, IPAddress] = {4: IPv4Address("192.0.2.3"), 6: IPv6Address("fe80::3")}
MESSAGE = b"\x31\x33\xfe\x01\x00\x64\x00\x00"
HOP_LIMIT = {4: 8, 6: 7}
"""Where it is in the IP header."""


def keeps(program: tuple[Instruction, ...], header: bytes, message: bytes) -> bool:
    """Runs a program as the kernel does: over header and message in IPv4, over the message in IPv6."""
    data = header + message if header[0] >> 4 == 4 else message
    accumulator = index = at = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        try:
            match code:
                case _ if code == LOAD_LENGTH:
                    accumulator = len(data)
                case _ if code == LOAD_WORD and operand >= NETWORK_HEADER:
                    (accumulator,) = struct.unpack_from("!I", header, operand - NETWORK_HEADER)
                case _ if code == LOAD_WORD:
                    (accumulator,) = struct.unpack_from("!I", data, operand)
                case _ if code == LOAD_BYTE and operand >= NETWORK_HEADER:
                    accumulator = header[operand - NETWORK_HEADER]
                case _ if code == LOAD_BYTE:
                    accumulator = data[operand]
                case _ if code == LOAD_HEADER_LENGTH:
                    index = 4 * (data[operand] & 0x0F)
                case _ if code == LOAD_INDEXED_BYTE:
                    accumulator = data[index + operand]
                case _ if code == EQUAL:
                    at += if_true if accumulator == operand else if_false
                case _ if code == AT_LEAST:
                    at += if_true if accumulator >= operand else if_false
                case _ if code == RETURN:
                    return operand > 0
                case _:
                    raise AssertionError(f"unknown instruction {code:#x}")
        except (IndexError, struct.error):
            return False


def admission(destination: IPAddress, version: Version = Version.V3) -> Admission:
    return Admission(version, (Vrid(51),), destination)


def header(destination: IPAddress, ttl: int = 255, length: int = len(MESSAGE)) -> bytes:
    made = bytearray(ip_header(length, SOURCES[destination.version], destination))
    made[HOP_LIMIT[destination.version]] = ttl
    return bytes(made)


@pytest.mark.parametrize("destination", [IPV4_GROUP, IPV6_GROUP, OWN, OWN6])
def test_what_is_for_this_virtual_router_is_kept_and_nothing_else(destination: IPAddress) -> None:
    wanted = vrrp_filter(admission(destination))
    elsewhere: IPAddress = type(destination)(int(destination) + 1)
    assert keeps(wanted, header(destination), MESSAGE)
    assert not keeps(wanted, header(destination, ttl=254), MESSAGE)
    assert not keeps(wanted, header(elsewhere), MESSAGE)
    assert not keeps(wanted, header(destination), b"\x21" + MESSAGE[1:])
    assert not keeps(wanted, header(destination), b"\x32" + MESSAGE[1:])
    assert not keeps(wanted, header(destination), b"\x31\x34" + MESSAGE[2:])
    assert not keeps(wanted, header(destination), b"\x31")
    assert not keeps(wanted, header(destination), b"")


def test_a_header_of_ipv4_with_options_is_skipped() -> None:
    plain = header(IPV4_GROUP)
    with_options = b"\x46" + plain[1:] + b"\x94\x04\x00\x00"
    assert keeps(vrrp_filter(admission(IPV4_GROUP)), with_options, MESSAGE)
    assert not keeps(vrrp_filter(admission(IPV4_GROUP)), with_options, b"\x31\x34" + MESSAGE[2:])


def test_version_2_is_another_first_byte() -> None:
    second = vrrp_filter(admission(IPV4_GROUP, Version.V2))
    assert keeps(second, header(IPV4_GROUP), b"\x21" + MESSAGE[1:])
    assert not keeps(second, header(IPV4_GROUP), MESSAGE)


@pytest.mark.parametrize("destination", [IPV4_GROUP, IPV6_GROUP])
@pytest.mark.parametrize("vrids", [(51, 53), tuple(range(1, 256))])
def test_each_virtual_router_of_the_port_is_kept(destination: IPAddress, vrids: tuple[int, ...]) -> None:
    subject = Admission(Version.V3, tuple(map(Vrid, vrids)), destination)
    for vrid in range(256):
        message = bytes([0x31, vrid]) + MESSAGE[2:]
        assert keeps(vrrp_filter(subject), header(destination), message) is (vrid in vrids)
        assert keeps(vrrp_filter(subject, refused=True), header(destination), message) is (vrid not in vrids)
    assert not keeps(vrrp_filter(subject), header(destination, ttl=254), MESSAGE)
    assert max(max(jumps) for _, *jumps, _ in vrrp_filter(subject)) <= 255, "the kernel has one byte for them"


@given(
    st.sampled_from([IPV4_GROUP, IPV6_GROUP, OWN, OWN6]),
    st.sampled_from([1, 254, 255]),
    st.integers(0, 1),
    st.binary(max_size=4) | st.just(MESSAGE),
)
def test_each_packet_is_kept_by_one_of_the_two_and_refused_for_a_reason(
    destination: IPAddress, ttl: int, beside: int, message: bytes
) -> None:
    subject = admission(destination)
    to: IPAddress = type(destination)(int(destination) + beside)
    seen = header(to, ttl, len(message))
    kept = keeps(vrrp_filter(subject), seen, message)
    assert keeps(vrrp_filter(subject, refused=True), seen, message) is not kept
    reason = subject.refusal(message, to, ttl)
    assert reason is None or not kept
    assert kept or reason is not None or to != destination


def test_the_reason_is_that_of_the_first_check_that_fails() -> None:
    subject = admission(IPV4_GROUP)
    assert subject.refusal(b"\x41\x34", IPV4_GROUP, 254) is DiscardReason.TTL
    assert subject.refusal(b"\x41\x34", IPV4_GROUP, 255) is DiscardReason.VERSION
    assert subject.refusal(b"\x32\x34", IPV4_GROUP, 255) is DiscardReason.TYPE
    assert subject.refusal(b"\x31\x34", IPV4_GROUP, 255) is DiscardReason.VRID
    assert subject.refusal(b"\x31", IPV4_GROUP, 255) is DiscardReason.LENGTH
    assert subject.refusal(b"\x41\x34", OWN, 255) is None, "it is for somebody else"
