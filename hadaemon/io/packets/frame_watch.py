"""Whether anything comes in over a link: a packet socket that waits for the first frame.

A switch port that is still blocked by the spanning tree protocol lets no station's frames through, but the
switch itself speaks on it (802.1D, LLDP, LACP). So only IPv4, ARP and IPv6 count, as the kernel filters them.
"""

import os
import socket
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.io.packets.socket_filter import (
    EQUAL,
    LOAD_WORD,
    PACKET_TYPE,
    PROTOCOL,
    RETURN,
    Instruction,
    attach,
)

_ETH_P_ALL: Final = 0x0003

_FILTER: Final[tuple[Instruction, ...]] = (
    (LOAD_WORD, 0, 0, PACKET_TYPE),
    (EQUAL, 4, 0, socket.PACKET_OUTGOING),
    (LOAD_WORD, 0, 0, PROTOCOL),
    (EQUAL, 3, 0, 0x0800),
    (EQUAL, 2, 0, 0x0806),
    (EQUAL, 1, 0, 0x86DD),
    (RETURN, 0, 0, 0),
    (RETURN, 0, 0, 0x40),
)


class FrameWatch:
    """Readable as soon as another station's frame has come in."""

    def __init__(self, interface: str) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"packet socket: {os.strerror(error.errno or 0)}") from error
        try:
            # Before bind: nothing unfiltered gets in.
            attach(self._socket, _FILTER)
            self._socket.bind((interface, _ETH_P_ALL))
        except OSError as error:
            self._socket.close()
            raise PortError(f"packet socket on {interface}: {os.strerror(error.errno or 0)}") from error

    def fileno(self) -> int:
        """Readable when a frame waits."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def has_frame(self) -> bool:
        """A frame has come in. A link that went down meanwhile does not count as one."""
        try:
            return bool(self._socket.recv(64))
        except OSError:
            return False
