"""Advertisements as they pass on the wire, with the kernel's own time stamps."""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Iterator

from firmware.bench.failover.outage import greatest_gap
from firmware.lab.errors import LabError
from firmware.lab.namespaces import Namespace

_ETH_P_IP = 0x0800
_IP_PROTOCOL_AT = 9
_VRRP = 112
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_BUFFER = 1 << 22


class Wire:
    """Records the advertisements that arrive in a namespace: moments by interface.

    Moments are of the system's clock, for differences only: the kernel stamps a frame when it passes, so
    that it does not matter when this process gets to read it.
    """

    def __init__(self, namespace: Namespace) -> None:
        """Listens from now on."""
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
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
