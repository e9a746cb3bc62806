"""Advertisements as they pass on the wire, with the kernel's own time stamps."""

import contextlib
import ctypes
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from firmware.bench.failover.outage import greatest_gap
from firmware.lab.errors import LabError
from firmware.lab.namespaces import Namespace

_ETH_P_IP = 0x0800
_IP_PROTOCOL_AT = 9
_VRRP = 112
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_BUFFER = 1 << 22
_SO_ATTACH_FILTER = 26
_LOAD_BYTE, _LOAD_WORD, _EQUAL, _RETURN = 0x30, 0x20, 0x15, 0x06
"""Of classic BPF (Documentation/networking/filter.rst of Linux)."""
_IP_SOURCE_AT = 12
_WHOLE = 0x40000


class Wire:
    """Records the advertisements that arrive in a namespace: moments by interface.

    Moments are of the system's clock, for differences only: the kernel stamps a frame when it passes, so
    that it does not matter when this process gets to read it.
    """

    def __init__(self, namespace: Namespace, sources: Iterable[str] = ()) -> None:
        """Listens from now on. `sources`: whose advertisements count, which the kernel sees to, so that no
        flood of others has to be read; none named: everybody's."""
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        if wanted := tuple(sources):
            _attach(self._socket, of_sources(wanted))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)

    def close(self) -> None:
        """No more is recorded."""
        self._socket.close()

    def wait_next(self, interface: str, within: float) -> None:
        """Waits for the next advertisement on an interface.

        Raises:
            LabError: there is none in time.
        """
        for _ in self._arriving(0.0):
            pass  # what has arrived already
        for name, _ in self._arriving(within):
            if name == interface:
                return
        raise LabError(f"no advertisement on {interface} within {within:g} s")

    def record(self, seconds: float) -> dict[str, list[float]]:
        """Listens for that long."""
        moments: dict[str, list[float]] = {}
        for name, moment in self._arriving(seconds):
            moments.setdefault(name, []).append(moment)
        return moments

    def _arriving(self, seconds: float) -> Iterator[tuple[str, float]]:
        """Interface and moment of each advertisement for that long; 0: of those that wait to be read."""
        until = time.monotonic() + seconds
        while select.select([self._socket], [], [], max(0.0, until - time.monotonic()))[0]:
            with contextlib.suppress(BlockingIOError):
                data, control, _, address = self._socket.recvmsg(64, socket.CMSG_SPACE(_TIMESPEC.size))
                name, _, kind = address[:3]
                if kind == socket.PACKET_MULTICAST and data[_IP_PROTOCOL_AT] == _VRRP:
                    yield name, _stamp(control)
            if seconds and time.monotonic() > until:
                return


def of_sources(sources: tuple[str, ...]) -> tuple[tuple[int, int, int, int], ...]:
    """A program for the kernel, over what begins with the IP header: keeps VRRP of these alone. Each
    instruction is its code, how many to skip if true, if false, and its operand."""
    words = [int(IPv4Address(source)) for source in sources]
    keep = len(words)
    return (
        (_LOAD_BYTE, 0, 0, _IP_PROTOCOL_AT),
        (_EQUAL, 0, keep + 1, _VRRP),
        (_LOAD_WORD, 0, 0, _IP_SOURCE_AT),
        *((_EQUAL, keep - at, 0, word) for at, word in enumerate(words)),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, _WHOLE),
    )


def _attach(sock: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(held))
    )


def _stamp(control: list[tuple[int, int, bytes]]) -> float:
    whole, nanoseconds = _TIMESPEC.unpack(control[0][2])
    return float(whole + nanoseconds / 1e9)


def greatest_gap_of_all(moments: dict[str, list[float]], interfaces: int) -> float:
    """The longest time between two advertisements on any interface, in seconds.

    Raises:
        LabError: on some interface there were none, so that no gap can be told.
    """
    heard = {name for name, times in moments.items() if len(times) > 1}
    if len(heard) < interfaces:
        raise LabError(f"advertisements came on {len(heard)} of {interfaces} interfaces only")
    return max(greatest_gap(times) for times in moments.values())
