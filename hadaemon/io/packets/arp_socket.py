"""ARP requests and replies on one link (RFC 826): to find out who answers for an address, and to whom."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.io.packets.arp import ARP, ETHERNET_HEADER, ETHERTYPE_ARP, REPLY, REQUEST, arp_request
from hadaemon.vrrp import IPAddress

_BATCH: Final = 256
"""Packets read per call: a flood cannot keep the loop from its timers."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody said that an address is at a MAC address, by a request or by a reply."""

    address: IPAddress
    mac: str
    is_reply: bool


class ArpSocket:
    """A packet socket, bound to one link."""

    def __init__(self, interface: str, mac: str) -> None:
        """`mac` is the sender of the questions, to which the replies go."""
        self._mac = bytes.fromhex(mac.replace(":", ""))
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"ARP socket: {os.strerror(error.errno or 0)}") from error
        try:
            self._socket.bind((interface, ETHERTYPE_ARP))
        except OSError as error:
            self._socket.close()
            raise PortError(f"ARP socket on {interface}: {os.strerror(error.errno or 0)}") from error

    def fileno(self) -> int:
        """Readable when packets wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def ask(self, target: IPv4Address, sender: IPv4Address) -> None:
        """Who has `target`? The sender 0.0.0.0 asks without saying anything of itself (RFC 5227 §2.1.1)."""
        try:
            self._socket.send(arp_request(self._mac, sender, target))
        except OSError as error:
            raise PortError(f"ask for {target}: {os.strerror(error.errno or 0)}") from error

    def receive(self) -> Iterator[Heard]:
        """What has arrived, up to one batch."""
        for _ in range(_BATCH):
            try:
                frame, origin = self._socket.recvfrom(128)
            except OSError:
                return
            if origin[2] == socket.PACKET_OUTGOING or len(frame) < ETHERNET_HEADER + ARP.size:
                continue
            _, _, _, _, operation, mac, sender, _, _ = ARP.unpack_from(frame, ETHERNET_HEADER)
            is_reply = operation == REPLY and frame[:6] == self._mac
            if is_reply or operation == REQUEST:
                yield Heard(IPv4Address(sender), mac.hex(":"), is_reply)
