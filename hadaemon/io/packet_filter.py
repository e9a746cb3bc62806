"""Filters of packet sockets in classic BPF: the kernel drops what nobody wants to read."""

import ctypes
import socket
import struct
from typing import Final, TypeAlias

Instruction: TypeAlias = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""

LOAD_WORD, LOAD_BYTE, EQUAL, RETURN = 0x20, 0x30, 0x15, 0x06
"""Codes: load what the operand says, compare it with the operand, end with so many bytes of the frame."""
PROTOCOL: Final = 0xFFFFF000
"""SKF_AD_OFF + SKF_AD_PROTOCOL: where the filter finds the EtherType."""
KIND: Final = 0xFFFFF004
"""SKF_AD_OFF + SKF_AD_PKTTYPE."""

_SO_ATTACH_FILTER: Final = 26


def attach(sock: socket.socket, program: tuple[Instruction, ...]) -> None:
    """Before the socket is bound, so that nothing unfiltered gets in. Raises OSError."""
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(packed, len(packed))
    reference = struct.pack("HP", len(program), ctypes.addressof(held))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, reference)
