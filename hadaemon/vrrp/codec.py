"""Advertisements to bytes and back (RFC 9568 §5.2, §7.1; RFC 3768 §5.3, §7.1).

The family is that of the IP packet's addresses. The two versions differ in one field of the header, and in
the authentication data that version 2 has behind the addresses.
"""

import struct
from ipaddress import IPv4Address, IPv6Address

from hadaemon.vrrp.authentication import PASSWORD_SIZE, Checking, Password, Sealing, Signer, Verifier
from hadaemon.vrrp.checksum import checksum_holds, with_checksum
from hadaemon.vrrp.model import (
    ADVERTISEMENT_TYPE,
    MAX_INTERVAL,
    SECOND,
    TTL,
    Advertisement,
    Centiseconds,
    Checksum,
    Discard,
    DiscardReason,
    IPAddress,
    Priority,
    Version,
    Vrid,
)

_HEADER = struct.Struct("!BBBBHH")
"""Version and type, VRID, priority, count, a field of the version, checksum.

The field of the version is reserved bits and the interval in version 3, authentication type and the interval
in version 2.
"""

_NO_AUTHENTICATION, _SIMPLE_PASSWORD = 0, 1
"""Authentication types of version 2 (RFC 3768 §5.3.6)."""


def encode(
    advertisement: Advertisement,
    source: IPAddress,
    destination: IPAddress,
    checksum: Checksum = Checksum.RFC9568,
    authentication: Sealing = None,
) -> bytes:
    """The VRRP message, without IP header. `checksum` matters in version 3 over IPv4 only."""
    password = authentication if isinstance(authentication, Password) else None
    message = _HEADER.pack(
        advertisement.version << 4 | ADVERTISEMENT_TYPE,
        advertisement.vrid,
        advertisement.priority,
        len(advertisement.addresses),
        _version_field(advertisement, password),
        0,
    ) + b"".join(address.packed for address in advertisement.addresses)
    if advertisement.version is Version.V2:
        message += bytes(PASSWORD_SIZE) if password is None else password.data
    trailer = authentication.trailer(message, source) if isinstance(authentication, Signer) else b""
    return with_checksum(message, trailer, source, destination, checksum)


def decode(
    payload: bytes,
    source: IPAddress,
    destination: IPAddress,
    ttl: int,
    version: Version = Version.V3,
    authentication: Checking = None,
) -> Advertisement:
    """Checks a received VRRP message (without IP header) in the order of §7.1 and parses it.

    Bytes behind the message are a signature where signatures are configured, else padding of the link layer,
    which is ignored. Raises Discard, nothing else.
    """
    if ttl != TTL:
        raise Discard(DiscardReason.TTL)
    if not payload:
        raise Discard(DiscardReason.LENGTH)
    if payload[0] >> 4 != version or (version is Version.V2 and source.version == 6):
        raise Discard(DiscardReason.VERSION)
    if payload[0] & 0x0F != ADVERTISEMENT_TYPE:
        raise Discard(DiscardReason.TYPE)
    message = _complete_message(payload, source, version)
    if not checksum_holds(message, payload, source, destination):
        raise Discard(DiscardReason.CHECKSUM)
    _authenticate(message, payload, source, version, authentication)
    return _parse(message, source, version)


def _version_field(advertisement: Advertisement, password: Password | None) -> int:
    if advertisement.version is Version.V3:
        return advertisement.interval
    kind = _NO_AUTHENTICATION if password is None else _SIMPLE_PASSWORD
    return kind << 8 | advertisement.interval // SECOND


def _complete_message(payload: bytes, source: IPAddress, version: Version) -> bytes:
    """The message without what follows it, when all of it is there."""
    if len(payload) < _HEADER.size:
        raise Discard(DiscardReason.LENGTH)
    count = payload[3]
    end = _HEADER.size + count * _address_size(source) + _tail_size(version)
    if len(payload) < end:
        raise Discard(DiscardReason.LENGTH)
    if count == 0:
        raise Discard(DiscardReason.COUNT)
    return payload[:end]


def _authenticate(
    message: bytes, payload: bytes, source: IPAddress, version: Version, authentication: Checking
) -> None:
    if version is Version.V2:
        password = authentication if isinstance(authentication, Password) else None
        if message[4] != (_NO_AUTHENTICATION if password is None else _SIMPLE_PASSWORD):
            raise Discard(DiscardReason.AUTH_TYPE)
        if password is not None:
            password.check(message[-PASSWORD_SIZE:])
    if isinstance(authentication, Verifier):
        authentication.check(message, payload[len(message) :], source)


def _parse(message: bytes, source: IPAddress, version: Version) -> Advertisement:
    """Reads the fields of a message whose length and checksum are known to be right."""
    _, vrid, priority, _, field, _ = _HEADER.unpack_from(message)
    interval = field & MAX_INTERVAL if version is Version.V3 else (field & 0xFF) * SECOND
    if interval == 0:
        raise Discard(DiscardReason.INTERVAL)
    if vrid == 0:
        raise Discard(DiscardReason.VRID)
    family: type[IPv4Address] | type[IPv6Address] = IPv4Address if source.version == 4 else IPv6Address
    size, end = _address_size(source), len(message) - _tail_size(version)
    addresses = tuple(family(message[at : at + size]) for at in range(_HEADER.size, end, size))
    return Advertisement(Vrid(vrid), Priority(priority), Centiseconds(interval), addresses, version)


def _address_size(address: IPAddress) -> int:
    return 4 if address.version == 4 else 16


def _tail_size(version: Version) -> int:
    """Bytes of the message behind the addresses."""
    return PASSWORD_SIZE if version is Version.V2 else 0
