"""Neighbour discovery as whole Ethernet frames: the one that tells every neighbour that an IPv6 address is
here now, the one that asks who has it, and what is answered.

RFC 9568 §6.4.1 asks for the unsolicited advertisement, RFC 4861 §4.4 and §7.2.6 say what is in it. It can go
out before the kernel has made the address usable, and from the MAC address that is meant.
"""

import struct
from ipaddress import IPv6Address

from hadaemon.vrrp.checksum import internet_checksum, pseudo_header

ETHERTYPE_IPV6 = 0x86DD
_ALL_NODES = IPv6Address("ff02::1")
ALL_NODES_MAC = bytes.fromhex("333300000001")
ICMPV6 = 58
_NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 135, 136
_ROUTER, _OVERRIDE = 0x80, 0x20
"""Flags. Not solicited: nobody asked. Router: a firewall is one (§6.4.1 demands it)."""
_TARGET_LINK_LAYER_ADDRESS = 2
_HOP_LIMIT = 255
_IPV6 = struct.Struct("!IHBB16s16s")
_MESSAGE = struct.Struct("!BBHB3x16sBB6s")
_PLAIN = struct.Struct("!BBHB3x16s")
"""A message without options."""
_ETHERNET_HEADER = 14
_NOBODY = IPv6Address("::")
_SOLICITED_NODE = int(IPv6Address("ff02::1:ff00:0"))
_SOLICITED_NODE_MAC = bytes.fromhex("3333ff")


def unsolicited_advertisement(mac: bytes, address: IPv6Address) -> bytes:
    """The whole frame."""
    kind, option = NEIGHBOUR_ADVERTISEMENT, _TARGET_LINK_LAYER_ADDRESS
    message = _MESSAGE.pack(kind, 0, 0, _ROUTER | _OVERRIDE, address.packed, option, 1, mac)
    return _frame(mac, ALL_NODES_MAC, address, _ALL_NODES, message)


def neighbour_probe(mac: bytes, target: IPv6Address) -> bytes:
    """The whole frame that asks who has an address, and says nothing of who asks (RFC 4862 §5.4.2)."""
    tail = target.packed[-3:]
    group = IPv6Address(_SOLICITED_NODE | int.from_bytes(tail, "big"))
    message = _PLAIN.pack(_NEIGHBOUR_SOLICITATION, 0, 0, 0, target.packed)
    return _frame(mac, _SOLICITED_NODE_MAC + tail, _NOBODY, group, message)


def advertised(frame: bytes) -> tuple[IPv6Address, str] | None:
    """The address that a frame says to be at a MAC address; None: it is no valid neighbour advertisement
    (RFC 4861 §7.1.2)."""
    begin = _ETHERNET_HEADER + _IPV6.size
    if len(frame) < begin + _PLAIN.size:
        return None
    _, length, kind, hop_limit, source, destination = _IPV6.unpack_from(frame, _ETHERNET_HEADER)
    message = frame[begin : begin + length]
    if kind != ICMPV6 or hop_limit != _HOP_LIMIT or len(message) < max(length, _PLAIN.size):
        return None
    covered = pseudo_header(IPv6Address(source), IPv6Address(destination), length, ICMPV6) + message
    if message[:2] != bytes((NEIGHBOUR_ADVERTISEMENT, 0)) or internet_checksum(covered):
        return None
    mac = _target_link_layer_address(message[_PLAIN.size :]) or frame[6:12]
    return IPv6Address(_PLAIN.unpack_from(message)[4]), mac.hex(":")


def _target_link_layer_address(options: bytes) -> bytes | None:
    """Of the first option that has it (RFC 4861 §4.6.1); None: there is none, or the options are broken."""
    while len(options) >= 8 and options[1]:
        if options[:2] == bytes((_TARGET_LINK_LAYER_ADDRESS, 1)):
            return options[2:8]
        options = options[8 * options[1] :]
    return None


def _frame(mac: bytes, to: bytes, source: IPv6Address, destination: IPv6Address, message: bytes) -> bytes:
    covered = pseudo_header(source, destination, len(message), ICMPV6) + message
    message = message[:2] + internet_checksum(covered).to_bytes(2, "big") + message[4:]
    header = _IPV6.pack(6 << 28, len(message), ICMPV6, _HOP_LIMIT, source.packed, destination.packed)
    return to + mac + ETHERTYPE_IPV6.to_bytes(2, "big") + header + message
