"""Netlink attributes, encoded and decoded by hand: for the few requests that need no library."""

import struct

_NESTED = 0x8000
_KIND = 0x3FFF


def attribute(kind: int, value: bytes) -> bytes:
    """Header, value, and padding to four bytes."""
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def nest(kind: int, *attributes: bytes) -> bytes:
    """Attributes within an attribute."""
    return attribute(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """A string with its end."""
    return attribute(kind, value.encode() + b"\0")


def attributes(data: bytes) -> dict[int, bytes]:
    """The value of each attribute by its kind, without the marks that a kind may bear."""
    found = {}
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            break
        found[kind & _KIND] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found
