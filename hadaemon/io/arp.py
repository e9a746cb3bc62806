"""Gratuitous ARP: the frame that tells every neighbour that an IPv4 address is here now (RFC 9568 §6.4.1)."""

import struct
from ipaddress import IPv4Address

ETHERTYPE_ARP = 0x0806
_BROADCAST = b"\xff" * 6
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_REQUEST = 1


def gratuitous_arp(mac: bytes, address: IPv4Address) -> bytes:
    """The whole frame, in the request form (sender = target): measured, every neighbour takes it."""
    ethernet = _BROADCAST + mac + ETHERTYPE_ARP.to_bytes(2, "big")
    return ethernet + _ARP.pack(1, 0x0800, 6, 4, _REQUEST, mac, address.packed, bytes(6), address.packed)
