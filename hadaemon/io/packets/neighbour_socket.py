"""Probes for IPv6 addresses on one link (RFC 4862 §5.4), and who answers them (RFC 4861 §7.2.4)."""

import os
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.io.packets.arp_socket import Heard
from hadaemon.io.packets.na import (
    ALL_NODES_MAC,
    ETHERTYPE_IPV6,
    ICMPV6,
    NEIGHBOUR_ADVERTISEMENT,
    advertised,
    neighbour_probe,
)
from hadaemon.io.packets.socket_filter import EQUAL, LOAD_BYTE, LOAD_WORD, PACKET_TYPE, RETURN, attach

_NEXT_HEADER_AT, _TYPE_AT = 20, 54
_LONGEST: Final = 256
_ADVERTISEMENTS: Final = (
    (LOAD_WORD, 0, 0, PACKET_TYPE),
    (EQUAL, 4, 0, socket.PACKET_OUTGOING),
    (LOAD_BYTE, 0, 0, _NEXT_HEADER_AT),
    (EQUAL, 0, 2, ICMPV6),
    (LOAD_BYTE, 0, 0, _TYPE_AT),
    (EQUAL, 1, 0, NEIGHBOUR_ADVERTISEMENT),
    (RETURN, 0, 0, 0),
    (RETURN, 0, 0, _LONGEST),
)
_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP: Final = 1
_MULTICAST: Final = 0
_MEMBERSHIP: Final = struct.Struct("=iHH8s")
_BATCH: Final = 256
"""Frames read per call: a flood cannot keep the loop from its timers."""


class NeighbourSocket:
    """A packet socket, bound to one link, that hears neighbour advertisements alone."""

    def __init__(self, interface: str, index: int, mac: str) -> None:
        """`mac` is the sender of the questions."""
        self._mac = bytes.fromhex(mac.replace(":", ""))
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"neighbour socket: {os.strerror(error.errno or 0)}") from error
        try:
            attach(self._socket, _ADVERTISEMENTS)
            self._socket.bind((interface, ETHERTYPE_IPV6))
            # Who answers a probe speaks to all nodes; a port without IPv6 of its own would not hear that.
            membership = _MEMBERSHIP.pack(index, _MULTICAST, len(ALL_NODES_MAC), ALL_NODES_MAC)
            self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
        except OSError as error:
            self._socket.close()
            raise PortError(f"neighbour socket on {interface}: {os.strerror(error.errno or 0)}") from error

    def fileno(self) -> int:
        """Readable when advertisements wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def ask(self, target: IPv6Address) -> None:
        """Who has `target`? The question does not say who asks."""
        try:
            self._socket.send(neighbour_probe(self._mac, target))
        except OSError as error:
            raise PortError(f"ask for {target}: {os.strerror(error.errno or 0)}") from error

    def receive(self) -> Iterator[Heard]:
        """What has arrived, up to one batch."""
        for _ in range(_BATCH):
            try:
                frame = self._socket.recv(_LONGEST)
            except OSError:
                return
            found = advertised(frame)
            if found is not None:
                yield Heard(*found, is_reply=True)
