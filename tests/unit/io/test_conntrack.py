"""Entries of the kernel's connection table, as netlink brings them."""

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from hadaemon.conntrack.connection import Connection, End
from hadaemon.io.kernel.attributes import attribute, nest
from hadaemon.io.kernel.conntrack import connection_of

FAMILIES = {4: (2, 1), 6: (10, 3)}


def direction(source: str, destination: str, protocol: int, *numbers: tuple[int, int]) -> bytes:
    start = FAMILIES[ip_address(source).version][1]
    ends = (attribute(start + at, ip_address(each).packed) for at, each in enumerate((source, destination)))
    rest = (attribute(kind, struct.pack("!H", value)) for kind, value in numbers)
    return nest(1, *ends) + nest(2, attribute(1, bytes([protocol])), *rest)


def entry(there: bytes, back: bytes, *more: bytes, family: int = 2) -> bytes:
    return struct.pack("!BBH", family, 0, 0) + nest(1, there) + nest(2, back) + b"".join(more)


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("!I", value))


TCP = entry(
    direction("192.168.12.5", "203.0.113.9", 6, (2, 4000), (3, 443)),
    direction("203.0.113.9", "198.51.100.1", 6, (2, 443), (3, 1024)),
    number(3, 0x0E),
    nest(4, nest(1, attribute(1, b"\x03"))),
    number(7, 431999),
)


def test_a_translated_tcp_connection():
    assert connection_of(TCP) == Connection(
        protocol=6,
        source=End(ip_address("192.168.12.5"), 4000),
        destination=End(ip_address("203.0.113.9"), 443),
        answered_by=End(ip_address("203.0.113.9"), 443),
        answered_to=End(ip_address("198.51.100.1"), 1024),
        state="established",
        assured=True,
        replied=True,
        timeout=431999,
    )


def test_a_ping_has_its_identifier_and_is_not_translated():
    there = direction("2001:db8::1", "2001:db8::2", 58, (7, 77), (8, 0x8000))
    back = direction("2001:db8::2", "2001:db8::1", 58, (7, 77), (8, 0x8100))
    found = connection_of(entry(there, back, number(7, 29), family=10))
    assert found is not None
    assert (str(found.source), str(found.destination)) == ("[2001:db8::1]:77", "2001:db8::2")
    assert (found.new_source, found.new_destination, found.state) == (None, None, "")


def test_a_protocol_without_ports():
    there, back = direction("10.0.0.1", "10.0.0.2", 47), direction("10.0.0.2", "10.0.0.1", 47)
    found = connection_of(entry(there, back))
    assert found is not None
    assert (found.source.port, found.timeout, found.replied) == (0, 0, False)


def test_another_family_is_left_out():
    assert connection_of(b"\x07" + TCP[1:]) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_connection_or_none(data: bytes):
    connection_of(data)


@given(st.integers(0, len(TCP) - 1), st.integers(0, 255), st.integers(0, len(TCP)))
def test_a_damaged_message_is_a_connection_or_none(at: int, value: int, end: int):
    connection_of((TCP[:at] + bytes([value]) + TCP[at + 1 :])[:end])
