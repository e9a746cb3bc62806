"""ARP frames (RFC 826), and the gratuitous one that tells every neighbour that an address is here now."""

import struct
from ipaddress import IPv4Address

ETHERTYPE_ARP = 0x0806
ETHERNET_HEADER = 14
ARP = struct.Struct("!HHBBH6s4s6s4s")
"""Hardware, protocol, their lengths, operation, sender's MAC and address, target's MAC and address."""
REQUEST, REPLY = 1, 2
_BROADCAST = b"\xff" * 6


def arp_request(mac: bytes, sender: IPv4Address, target: IPv4Address) -> bytes:
    """The whole frame, to everybody."""
    ethernet = _BROADCAST + mac + ETHERTYPE_ARP.to_bytes(2, "big")
    return ethernet + ARP.pack(1, 0x0800, 6, 4, REQUEST, mac, sender.packed, bytes(6), target.packed)


def gratuitous_arp(mac: bytes, address: IPv4Address) -> bytes:
    """In the request form (sender = target, RFC 9568 §6.4.1): measured, every neighbour takes it."""
    return arp_request(mac, address, address)
