"""Frames off the wire, decoded by scapy: nothing of the code under test."""

import select
import socket
import time
from collections.abc import Callable

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from .namespaces import Namespace
from .waiting import stretched

ETH_P_ALL = 3
VRRP_PROTOCOL = 112


class Capture:
    """Records every frame on an interface since it was made."""

    def __init__(self, namespace: Namespace, interface: str) -> None:
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind((interface, ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.setblocking(False)
        self.frames: list[tuple[float, Packet]] = []
        self._examined = 0
        """Frames that `wait` has been through."""

    def read(self) -> list[tuple[float, Packet]]:
        """All frames so far, each with the monotonic time when it was read."""
        while True:
            try:
                data = self._socket.recv(65535)
            except BlockingIOError:
                return self.frames
            self.frames.append((time.monotonic(), Ether(data)))

    def send(self, frame: bytes) -> None:
        """Puts a frame on the wire."""
        self._socket.send(frame)

    def wait(self, what: str, wanted: Callable[[Packet], bool], within: float) -> tuple[float, Packet]:
        """The next wanted frame since the one that was last waited for, or since the capture was made."""
        within = stretched(within)
        deadline = time.monotonic() + within
        while True:
            for moment, frame in self.read()[self._examined :]:
                self._examined += 1
                if wanted(frame):
                    return moment, frame
            left = deadline - time.monotonic()
            assert left > 0, f"no such frame within {within:g} s: {what}"
            select.select([self._socket], [], [], left)

    def adverts(self, source: str | None = None) -> list[tuple[float, Packet]]:
        """Every advertisement so far, of one source or of all."""
        return [
            (moment, frame)
            for moment, frame in self.read()
            if (ip := _vrrp_header(frame)) is not None and source in (None, ip.src)
        ]


def _vrrp_header(frame: Packet) -> Packet | None:
    """The IP header of an advertisement of either family and version."""
    if IP in frame and frame[IP].proto == VRRP_PROTOCOL:
        return frame[IP]
    if IPv6 in frame and frame[IPv6].nh == VRRP_PROTOCOL:
        return frame[IPv6]
    return None


def vrrp_priority(frame: Packet) -> int:
    """Of an advertisement."""
    header = _vrrp_header(frame)
    assert header is not None
    return bytes(header.payload)[2]


def is_gratuitous_arp(frame: Packet, address: str) -> bool:
    """An ARP announcement of the address."""
    return ARP in frame and frame[ARP].psrc == address == frame[ARP].pdst
