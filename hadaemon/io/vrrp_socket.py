"""VRRP over IPv4 on one port: a raw socket bound to one interface (RFC 9568 §5.1.1).

The IP header is ours (IP_HDRINCL), so that the source address is always the one the node decided on: never a
virtual address that happens to be on the same interface, and a link-local one where the port has no own
address.
"""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.vrrp import IP_PROTOCOL, IPV4_GROUP, TTL

_SO_BINDTOIFINDEX: Final = 62
_TC_PRIO_CONTROL: Final = 7
_TOS_NETWORK_CONTROL: Final = 0xC0
"""Class selector 6, as routing protocols send (RFC 2474 §4.2.2.2)."""
_IP_HEADER: Final = struct.Struct("!BBHHHBBH4s4s")
_BATCH: Final = 64
"""Packets read per call: a flood cannot keep the loop from its timers."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A received VRRP message and what its IP header said."""

    payload: bytes
    source: IPv4Address
    destination: IPv4Address
    ttl: int


class VrrpSocket:
    """Sends and receives on one interface, named by its index: a re-created interface needs a new socket."""

    def __init__(self, index: int) -> None:
        self.index = index
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_INET, kind, IP_PROTOCOL)
        except OSError as error:
            raise PortError(f"VRRP socket: {_text(error)}") from error
        try:
            self._configure()
        except OSError as error:
            self._socket.close()
            raise PortError(f"VRRP socket on interface {index}: {_text(error)}") from error

    def _configure(self) -> None:
        membership = struct.pack("=4s4si", IPV4_GROUP.packed, bytes(4), self.index)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, self.index)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, _TC_PRIO_CONTROL)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)

    def fileno(self) -> int:
        """Readable when packets wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leaves the group and closes."""
        self._socket.close()

    def send(self, payload: bytes, source: IPv4Address) -> None:
        """Multicasts one VRRP message."""
        try:
            self._socket.sendto(ip_header(len(payload), source) + payload, (str(IPV4_GROUP), 0))
        except OSError as error:
            raise PortError(f"send advertisement: {_text(error)}") from error

    def receive(self) -> Iterator[Packet]:
        """What has arrived, up to one batch. That a port went down is told by netlink, not here."""
        for _ in range(_BATCH):
            try:
                data = self._socket.recv(65535)
            except OSError:
                return
            if (packet := split_ip(data)) is not None:
                yield packet


def ip_header(payload_length: int, source: IPv4Address) -> bytes:
    """The IPv4 header of an advertisement; the kernel fills in identification and checksum."""
    total = _IP_HEADER.size + payload_length
    return _IP_HEADER.pack(
        0x45, _TOS_NETWORK_CONTROL, total, 0, 0, TTL, IP_PROTOCOL, 0, source.packed, IPV4_GROUP.packed
    )


def split_ip(data: bytes) -> Packet | None:
    """Takes the IP header off what a raw socket delivers; None: shorter than a header."""
    if len(data) < _IP_HEADER.size:
        return None
    first, _, total, _, _, ttl, _, _, source, destination = _IP_HEADER.unpack_from(data)
    header = (first & 0x0F) * 4
    return Packet(data[header:total], IPv4Address(source), IPv4Address(destination), ttl)


def _text(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
