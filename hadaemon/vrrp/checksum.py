"""The checksum of an advertisement: three ways to compute it, by family and version (RFC 9568 §5.2.8)."""

import struct

from hadaemon.vrrp.model import IP_PROTOCOL, Checksum, IPAddress, Version

CHECKSUM_AT = 6
"""Offset of the field, which counts as zero while the sum is made."""

_ALL_ONES = 0xFFFF


def with_checksum(
    message: bytes, trailer: bytes, source: IPAddress, destination: IPAddress, variant: Checksum
) -> bytes:
    """The message with its checksum set, and the trailer after it. The field must be zero before."""
    covered = message
    if source.version == 6:
        covered = message + trailer
    if source.version == 6 or (variant is Checksum.RFC5798 and _version(message) is Version.V3):
        covered = pseudo_header(source, destination, len(covered)) + covered
    value = internet_checksum(covered)
    return message[:CHECKSUM_AT] + value.to_bytes(2, "big") + message[CHECKSUM_AT + 2 :] + trailer


def checksum_holds(message: bytes, payload: bytes, source: IPAddress, destination: IPAddress) -> bool:
    """Whether a received `payload`, which begins with `message`, has a right checksum.

    Over IPv6 it covers all of the payload, as every transport checksum does (RFC 8200 §8.1). Over IPv4 it
    covers the message alone; in version 3 either variant is accepted: RFC 5798's has a pseudo-header,
    RFC 9568's none.
    """
    if source.version == 6:
        return _sums_up(pseudo_header(source, destination, len(payload)) + payload)
    if _sums_up(message):
        return True
    if _version(message) is Version.V2:
        return False
    return _sums_up(pseudo_header(source, destination, len(message)) + message)


def _version(message: bytes) -> Version:
    return Version(message[0] >> 4)


def internet_checksum(covered: bytes) -> int:
    """RFC 1071, over bytes in which the field itself is zero."""
    return _ALL_ONES ^ _ones_complement_sum(covered)


def pseudo_header(
    source: IPAddress, destination: IPAddress, length: int, protocol: int = IP_PROTOCOL
) -> bytes:
    """RFC 768's for IPv4, RFC 8200 §8.1's for IPv6."""
    layout = "!BBH" if source.version == 4 else "!I3xB"
    fields = (0, protocol, length) if source.version == 4 else (length, protocol)
    return source.packed + destination.packed + struct.pack(layout, *fields)


def _sums_up(data: bytes) -> bool:
    return _ones_complement_sum(data) == _ALL_ONES


def _ones_complement_sum(data: bytes) -> int:
    """The sixteen-bit sum of RFC 1071; an odd last byte counts as if a zero followed."""
    even = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total > _ALL_ONES:
        total = (total & _ALL_ONES) + (total >> 16)
    return total
