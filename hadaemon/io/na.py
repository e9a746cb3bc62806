"""Unsolicited neighbour advertisement: the frame that tells every neighbour that an IPv6 address is here now.

RFC 9568 §6.4.1 asks for it, RFC 4861 §4.4 and §7.2.6 say what is in it. It is a whole Ethernet frame, so that
it can go out before the kernel has made the address usable, and from the MAC address that is meant.
"""

import struct
from ipaddress import IPv6Address

from hadaemon.vrrp.checksum import internet_checksum, pseudo_header

ETHERTYPE_IPV6 = 0x86DD
_ALL_NODES = IPv6Address("ff02::1")
_ALL_NODES_MAC = bytes.fromhex("333300000001")
_ICMPV6 = 58
_NEIGHBOUR_ADVERTISEMENT = 136
_ROUTER, _OVERRIDE = 0x80, 0x20
"""Flags. Not solicited: nobody asked. Router: a firewall is one (§6.4.1 demands it)."""
_TARGET_LINK_LAYER_ADDRESS = 2
_HOP_LIMIT = 255
_IPV6 = struct.Struct("!IHBB16s16s")
_MESSAGE = struct.Struct("!BBHB3x16sBB6s")


def unsolicited_advertisement(mac: bytes, address: IPv6Address) -> bytes:
    """The whole frame."""
    kind, option = _NEIGHBOUR_ADVERTISEMENT, _TARGET_LINK_LAYER_ADDRESS
    message = _MESSAGE.pack(kind, 0, 0, _ROUTER | _OVERRIDE, address.packed, option, 1, mac)
    covered = pseudo_header(address, _ALL_NODES, len(message), _ICMPV6) + message
    message = message[:2] + internet_checksum(covered).to_bytes(2, "big") + message[4:]
    header = _IPV6.pack(6 << 28, len(message), _ICMPV6, _HOP_LIMIT, address.packed, _ALL_NODES.packed)
    return _ALL_NODES_MAC + mac + ETHERTYPE_IPV6.to_bytes(2, "big") + header + message
