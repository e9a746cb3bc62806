"""Whether anything comes in over a link: a packet socket that waits for the first frame.

A switch port that is still blocked by the spanning tree protocol lets no station's frames through, but the
switch itself speaks on it (802.1D, LLDP, LACP). So only IPv4, ARP and IPv6 count, as the kernel filters them.
"""

import ctypes
import os
import socket
import struct
from typing import Final

from hadaemon.io.errors import PortError

_ETH_P_ALL: Final = 0x0003
_SO_ATTACH_FILTER: Final = 26
_PROTOCOL: Final = 0xFFFFF000
"""SKF_AD_OFF + SKF_AD_PROTOCOL: where the filter finds the EtherType."""
_KIND: Final = 0xFFFFF004
"""SKF_AD_OFF + SKF_AD_PKTTYPE."""

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_FILTER: Final = (
    (_LOAD, 0, 0, _KIND),
    (_EQUAL, 4, 0, socket.PACKET_OUTGOING),
    (_LOAD, 0, 0, _PROTOCOL),
    (_EQUAL, 3, 0, 0x0800),
    (_EQUAL, 2, 0, 0x0806),
    (_EQUAL, 1, 0, 0x86DD),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, 0x40),
)
"""Classic BPF (code, jump if true, jump if false, operand): bytes to keep of a frame; 0: drop it."""


class FrameWatch:
    """Readable as soon as another station's frame has come in."""

    def __init__(self, interface: str) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        program = b"".join(struct.pack("=HBBI", *instruction) for instruction in _FILTER)
        held = ctypes.create_string_buffer(program, len(program))
        try:
            self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        except OSError as error:
            raise PortError(f"packet socket: {os.strerror(error.errno or 0)}") from error
        try:
            # Before bind: nothing unfiltered gets in.
            reference = struct.pack("HP", len(_FILTER), ctypes.addressof(held))
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, reference)
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
        """A frame has come in. A link that went down meanwhile is no frame."""
        try:
            return bool(self._socket.recv(64))
        except OSError:
            return False
