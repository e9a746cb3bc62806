"""Netlink attributes, encoded by hand: for the few requests that need no library."""

import struct

_NESTED = 0x8000


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
