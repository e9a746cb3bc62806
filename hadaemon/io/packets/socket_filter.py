"""Programs of classic BPF, which the kernel runs on each packet before a socket gets it.

Source: Documentation/networking/filter.rst of Linux.
"""

import ctypes
import socket
import struct
from collections.abc import Iterable
from typing import Final, TypeAlias

Instruction: TypeAlias = tuple[int, int, int, int]
"""Code, so many instructions to skip if true, if false, operand."""

LOAD_WORD: Final = 0x20
LOAD_BYTE: Final = 0x30
LOAD_INDEXED_BYTE: Final = 0x50
LOAD_LENGTH: Final = 0x80
LOAD_HEADER_LENGTH: Final = 0xB1
"""Into the index register: four times the low half of a byte, as IPv4 has the length of its header."""
EQUAL: Final = 0x15
AT_LEAST: Final = 0x35
RETURN: Final = 0x06
"""Ends the program: so many bytes to keep of the packet; 0: drop it. A load beyond its end drops it too."""
NETWORK_HEADER: Final = 0xFFF00000
"""SKF_NET_OFF: offsets from here on are into the IP header, wherever the packet of the socket begins."""
PROTOCOL: Final = 0xFFFFF000
"""SKF_AD_OFF + SKF_AD_PROTOCOL: where a program finds the EtherType."""
PACKET_TYPE: Final = 0xFFFFF004
"""SKF_AD_OFF + SKF_AD_PKTTYPE."""
WHOLE: Final = 0x40000
"""To keep: more than any packet has."""

_SO_ATTACH_FILTER: Final = 26
"""Missing in the standard library."""


def attach(sock: socket.socket, program: Iterable[Instruction]) -> None:
    """From now on the socket gets only what the program keeps. Raises OSError."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code, len(code))
    reference = struct.pack("HP", len(code) // 8, ctypes.addressof(held))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, reference)
