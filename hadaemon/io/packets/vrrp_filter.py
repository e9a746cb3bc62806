"""The filter of a VRRP socket: an `Admission` as a program for the kernel.

The filter of a raw IPv4 socket sees the packet from its IP header on, that of an IPv6 socket from the VRRP
message on; the IPv6 header is found by offsets into the network header.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from hadaemon.io.packets.socket_filter import (
    AT_LEAST,
    EQUAL,
    LOAD_BYTE,
    LOAD_HEADER_LENGTH,
    LOAD_INDEXED_BYTE,
    LOAD_LENGTH,
    LOAD_WORD,
    NETWORK_HEADER,
    RETURN,
    WHOLE,
    Instruction,
)
from hadaemon.vrrp.admission import Admission
from hadaemon.vrrp.model import TTL, IPAddress

_SEEN: Final = 2
"""Bytes of the message that are looked at: version and type, and the VRID."""
_IPV4_HEADER: Final = 20
_IPV4_TTL, _IPV4_DESTINATION = 8, 16
_IPV6_HOP_LIMIT, _IPV6_DESTINATION = 7, 24

_Test: TypeAlias = tuple[tuple[tuple[int, int], ...], tuple[int, int]]
"""What to load, and the comparison that must hold: codes, each with its operand."""


def vrrp_filter(admission: Admission, *, refused: bool = False) -> tuple[Instruction, ...]:
    """Keeps what is admitted; `refused`: keeps everything else."""
    tests = tuple(_ipv4(admission) if admission.family == 4 else _ipv6(admission))
    size = sum(len(loads) + 1 for loads, _ in tests)
    kept, dropped = (0, WHOLE) if refused else (WHOLE, 0)
    right, wrong = (RETURN, 0, 0, kept), (RETURN, 0, 0, dropped)
    program: list[Instruction] = []
    for loads, (comparison, operand) in tests:
        program += [(code, 0, 0, where) for code, where in loads]
        to_the_end = size - len(program) - 1
        program.append((comparison, 0 if to_the_end else 1, to_the_end, operand))
    left = len(admission.vrids)
    vrids = ((EQUAL, left - position, 0, vrid) for position, vrid in enumerate(admission.vrids))
    return (*program, wrong, (LOAD_INDEXED_BYTE, 0, 0, 1), *vrids, wrong, right)


def _ipv4(admission: Admission) -> Iterator[_Test]:
    """What comes before the VRID, and leaves where the message begins in the index register."""
    yield ((LOAD_LENGTH, 0),), (AT_LEAST, _IPV4_HEADER + _SEEN)
    yield ((LOAD_BYTE, _IPV4_TTL),), (EQUAL, TTL)
    yield from _destination(admission.destination, _IPV4_DESTINATION)
    yield ((LOAD_HEADER_LENGTH, 0), (LOAD_INDEXED_BYTE, 0)), (EQUAL, admission.version_and_type)


def _ipv6(admission: Admission) -> Iterator[_Test]:
    yield ((LOAD_LENGTH, 0),), (AT_LEAST, _SEEN)
    yield ((LOAD_BYTE, NETWORK_HEADER + _IPV6_HOP_LIMIT),), (EQUAL, TTL)
    yield from _destination(admission.destination, NETWORK_HEADER + _IPV6_DESTINATION)
    yield ((LOAD_BYTE, 0),), (EQUAL, admission.version_and_type)


def _destination(address: IPAddress, offset: int) -> Iterable[_Test]:
    """Word by word."""
    words = struct.iter_unpack("!I", address.packed)
    return [(((LOAD_WORD, offset + 4 * at),), (EQUAL, word)) for at, (word,) in enumerate(words)]
