"""Advertisements to bytes and back (RFC 9568 §5.2, §7.1). The family is that of the IP packet's addresses."""

import struct
from ipaddress import IPv4Address, IPv6Address

from hadaemon.vrrp.model import (
    ADVERTISEMENT_TYPE,
    IP_PROTOCOL,
    MAX_INTERVAL,
    TTL,
    VERSION,
    Advertisement,
    Centiseconds,
    Checksum,
    Discard,
    DiscardReason,
    IPAddress,
    Priority,
    Vrid,
)

_HEADER = struct.Struct("!BBBBHH")
"""Version and type, VRID, priority, count, reserved and interval, checksum (§5.2)."""

_CHECKSUM_AT = 6
_ALL_ONES = 0xFFFF


def encode(
    advertisement: Advertisement,
    source: IPAddress,
    destination: IPAddress,
    checksum: Checksum = Checksum.RFC9568,
) -> bytes:
    """The VRRP message, without IP header. `checksum` matters over IPv4 only."""
    message = _HEADER.pack(
        VERSION << 4 | ADVERTISEMENT_TYPE,
        advertisement.vrid,
        advertisement.priority,
        len(advertisement.addresses),
        advertisement.interval,
        0,
    ) + b"".join(address.packed for address in advertisement.addresses)
    covered = message
    if source.version == 6 or checksum is Checksum.RFC5798:
        covered = _pseudo_header(source, destination, len(message)) + message
    value = _ALL_ONES ^ _ones_complement_sum(covered)
    return message[:_CHECKSUM_AT] + value.to_bytes(2, "big") + message[_CHECKSUM_AT + 2 :]


def decode(payload: bytes, source: IPAddress, destination: IPAddress, ttl: int) -> Advertisement:
    """Checks a received VRRP message (without IP header) in the order of §7.1 and parses it.

    Bytes after the last address are padding of the link layer and are ignored. Raises Discard, nothing else.
    """
    if ttl != TTL:
        raise Discard(DiscardReason.TTL)
    if not payload:
        raise Discard(DiscardReason.LENGTH)
    if payload[0] >> 4 != VERSION:
        raise Discard(DiscardReason.VERSION)
    if payload[0] & 0x0F != ADVERTISEMENT_TYPE:
        raise Discard(DiscardReason.TYPE)
    message = _complete_message(payload, source)
    if not _checksum_holds(message, source, destination):
        raise Discard(DiscardReason.CHECKSUM)
    return _parse(message, source)


def _complete_message(payload: bytes, source: IPAddress) -> bytes:
    """The message without padding, when all of it is there."""
    if len(payload) < _HEADER.size:
        raise Discard(DiscardReason.LENGTH)
    count = payload[3]
    end = _HEADER.size + count * _address_size(source)
    if len(payload) < end:
        raise Discard(DiscardReason.LENGTH)
    if count == 0:
        raise Discard(DiscardReason.COUNT)
    return payload[:end]


def _parse(message: bytes, source: IPAddress) -> Advertisement:
    """Reads the fields of a message whose length and checksum are known to be right."""
    _, vrid, priority, _, reserved_and_interval, _ = _HEADER.unpack_from(message)
    interval = reserved_and_interval & MAX_INTERVAL
    if interval == 0:
        raise Discard(DiscardReason.INTERVAL)
    if vrid == 0:
        raise Discard(DiscardReason.VRID)
    family: type[IPv4Address] | type[IPv6Address] = IPv4Address if source.version == 4 else IPv6Address
    size = _address_size(source)
    addresses = tuple(family(message[at : at + size]) for at in range(_HEADER.size, len(message), size))
    return Advertisement(Vrid(vrid), Priority(priority), Centiseconds(interval), addresses)


def _address_size(address: IPAddress) -> int:
    return 4 if address.version == 4 else 16


def _checksum_holds(message: bytes, source: IPAddress, destination: IPAddress) -> bool:
    """Over IPv4 either variant is accepted: RFC 5798's has a pseudo-header, RFC 9568's has none (§5.2.8)."""
    if source.version == 4 and _ones_complement_sum(message) == _ALL_ONES:
        return True
    covered = _pseudo_header(source, destination, len(message)) + message
    return _ones_complement_sum(covered) == _ALL_ONES


def _pseudo_header(source: IPAddress, destination: IPAddress, length: int) -> bytes:
    """RFC 768's for IPv4, RFC 8200 §8.1's for IPv6."""
    layout = "!BBH" if source.version == 4 else "!I3xB"
    fields = (0, IP_PROTOCOL, length) if source.version == 4 else (length, IP_PROTOCOL)
    return source.packed + destination.packed + struct.pack(layout, *fields)


def _ones_complement_sum(data: bytes) -> int:
    """The sixteen-bit sum of RFC 1071; every message and pseudo-header has an even length."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > _ALL_ONES:
        total = (total & _ALL_ONES) + (total >> 16)
    return total
