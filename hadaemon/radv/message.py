"""The router advertisement as bytes (RFC 4861 §4.2, §4.6; RFC 8106 §5). The kernel fills in the checksum."""

import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Network

from hadaemon.config.network_model import RouterAdvertisements
from hadaemon.vrrp.model import IPAddress

ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
HOP_LIMIT = 255

_CURRENT_HOP_LIMIT = 64
_MANAGED, _OTHER = 0x80, 0x40
_ON_LINK, _AUTONOMOUS = 0x80, 0x40
_SOURCE_LINK_LAYER_ADDRESS, _PREFIX, _MTU, _RDNSS, _DNSSL = 1, 3, 5, 25, 31
_HEADER = struct.Struct("!BBHBBHII")
_PREFIX_OPTION = struct.Struct("!BBBBIII16s")
_MTU_OPTION = struct.Struct("!BBHI")
_NAMES_HEADER = struct.Struct("!BBHI")
_AUTOCONF_LENGTH = 64
"""Hosts make addresses from prefixes of this length only (RFC 4862 §5.5.3)."""
_SOLICITATION = 8
"""Bytes, at least."""


def router_advertisement(advertised: RouterAdvertisements, mac: bytes) -> bytes:
    """The ICMPv6 message. `mac`: of the interface that it leaves by."""
    flags = (_MANAGED if advertised.managed else 0) | (_OTHER if advertised.other else 0)
    header = _HEADER.pack(ROUTER_ADVERTISEMENT, 0, 0, _CURRENT_HOP_LIMIT, flags, advertised.lifetime, 0, 0)
    return header + b"".join(_options(advertised, mac))


def is_solicitation(message: bytes, hop_limit: int, unspecified: bool) -> bool:
    """Whether it asks for an advertisement (RFC 4861 §6.1.1); `unspecified`: its source is no address."""
    if (
        hop_limit != HOP_LIMIT
        or len(message) < _SOLICITATION
        or message[:2] != bytes((ROUTER_SOLICITATION, 0))
    ):
        return False
    offset = _SOLICITATION
    while offset < len(message):
        if offset + 2 > len(message) or not message[offset + 1]:
            return False
        if unspecified and message[offset] == _SOURCE_LINK_LAYER_ADDRESS:
            return False
        offset += message[offset + 1] * 8
    return offset == len(message)


def _options(advertised: RouterAdvertisements, mac: bytes) -> Iterator[bytes]:
    yield bytes((_SOURCE_LINK_LAYER_ADDRESS, 1)) + mac
    if advertised.mtu is not None:
        yield _MTU_OPTION.pack(_MTU, 1, 0, advertised.mtu)
    for prefix in advertised.prefixes:
        assert isinstance(prefix, IPv6Network)
        flags = _ON_LINK | (_AUTONOMOUS if prefix.prefixlen == _AUTOCONF_LENGTH else 0)
        times = advertised.valid_lifetime, advertised.preferred_lifetime
        yield _PREFIX_OPTION.pack(
            _PREFIX, 4, prefix.prefixlen, flags, *times, 0, prefix.network_address.packed
        )
    names = 3 * advertised.interval
    if advertised.dns:
        yield _NAMES_HEADER.pack(_RDNSS, 1 + 2 * len(advertised.dns), 0, names) + _packed(advertised.dns)
    if advertised.search:
        search = b"".join(_domain(name) for name in advertised.search)
        search += bytes(-len(search) % 8)
        yield _NAMES_HEADER.pack(_DNSSL, 1 + len(search) // 8, 0, names) + search


def _packed(addresses: Iterable[IPAddress]) -> bytes:
    return b"".join(address.packed for address in addresses)


def _domain(name: str) -> bytes:
    """Labels with their lengths (RFC 1035 §3.1)."""
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"
