"""Announcements: whole frames out of a port that say where an address is now. Of either family."""

import os
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address

from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.arp import gratuitous_arp
from hadaemon.io.packets.na import unsolicited_advertisement
from hadaemon.vrrp import IPAddress


class Announcer:
    """One packet socket for all ports. It receives nothing."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"packet socket for announcements: {os.strerror(error.errno or 0)}") from error

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def announce(self, link: Link, addresses: Iterable[IPAddress]) -> None:
        """Sends one gratuitous ARP or unsolicited neighbour advertisement for each address."""
        mac = bytes.fromhex(link.mac.replace(":", ""))
        try:
            for address in addresses:
                frame = _frame(mac, address)
                self._socket.sendto(frame, (link.name, int.from_bytes(frame[12:14], "big")))
        except OSError as error:
            raise PortError(f"announce on {link.name}: {os.strerror(error.errno or 0)}") from error


def _frame(mac: bytes, address: IPAddress) -> bytes:
    if isinstance(address, IPv4Address):
        return gratuitous_arp(mac, address)
    return unsolicited_advertisement(mac, address)
