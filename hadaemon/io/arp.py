"""Gratuitous ARP: tells every neighbour on a port that an address is here now (RFC 9568 §6.4.1)."""

import os
import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address

from hadaemon.io.errors import PortError
from hadaemon.io.links import Link

_ETHERTYPE_ARP = 0x0806
_BROADCAST = b"\xff" * 6
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_REQUEST = 1


class ArpAnnouncer:
    """One packet socket for all ports. It receives nothing."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"packet socket for ARP: {os.strerror(error.errno or 0)}") from error

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def announce(self, link: Link, addresses: Iterable[IPv4Address]) -> None:
        """Sends one gratuitous ARP for each address."""
        mac = bytes.fromhex(link.mac.replace(":", ""))
        try:
            for address in addresses:
                self._socket.sendto(gratuitous_arp(mac, address), (link.name, _ETHERTYPE_ARP))
        except OSError as error:
            raise PortError(f"announce on {link.name}: {os.strerror(error.errno or 0)}") from error


def gratuitous_arp(mac: bytes, address: IPv4Address) -> bytes:
    """The whole frame, in the request form (sender = target): measured, every neighbour takes it."""
    ethernet = _BROADCAST + mac + _ETHERTYPE_ARP.to_bytes(2, "big")
    return ethernet + _ARP.pack(1, 0x0800, 6, 4, _REQUEST, mac, address.packed, bytes(6), address.packed)
