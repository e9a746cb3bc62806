"""Echo requests from a namespace: no `ping` program is needed."""

import select
import socket
import struct
import threading
import time

from scapy.layers.inet import ICMP

from .namespaces import Namespace
from .waiting import stretched

_STREAM = 0x5053
_AGAIN = 0.2
"""Seconds until the next request."""


class Pinger:
    """Asks one address from one namespace."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        self._socket = namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._address = address
        self._sequence = 0

    def ping(self, within: float) -> None:
        """Asks until one request is answered: addresses that have just moved cost one or two, until the
        switch has learned where they are. What is lost in a change is for `PingStream` to count."""
        within = stretched(within)
        deadline = time.monotonic() + within
        asked = set()
        while (left := deadline - time.monotonic()) > 0:
            self._sequence += 1
            asked.add(self._sequence)
            request = bytes(ICMP(type=8, id=0x4853, seq=self._sequence))
            self._socket.sendto(request, (self._address, 0))
            if self._is_answered(asked, time.monotonic() + min(left, _AGAIN)):
                return
        raise AssertionError(f"{self._address} did not answer within {within:g} s")

    def _is_answered(self, asked: set[int], until: float) -> bool:
        while (left := until - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                reply = ICMP(self._socket.recv(2048)[20:])
                if (reply.type, reply.id) == (0, 0x4853) and reply.seq in asked:
                    return True
        return False


class PingStream:
    """Echo requests at a steady pace, in a thread; each is answered or lost."""

    def __init__(self, namespace: Namespace, address: str, a_second: int) -> None:
        self._socket = namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.setblocking(False)
        self._address = address
        self._period = 1 / a_second
        self._end = threading.Event()
        self.sent = 0
        self._answered: set[int] = set()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "PingStream":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Waits a while for the last answers."""
        self._end.set()
        self._thread.join(stretched(10))
        deadline = time.monotonic() + stretched(1.0)
        while len(self._answered) < self.sent and time.monotonic() < deadline:
            time.sleep(0.01)
            self._read()

    @property
    def lost(self) -> list[int]:
        """The numbers of the requests without an answer; complete after the end."""
        return sorted(set(range(self.sent)) - self._answered)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._end.is_set():
            self._socket.sendto(bytes(ICMP(type=8, id=_STREAM, seq=self.sent)), (self._address, 0))
            self.sent += 1
            due += self._period
            time.sleep(max(0.0, due - time.monotonic()))
            self._read()

    def _read(self) -> None:
        while True:
            try:
                reply = self._socket.recv(2048)[20:]
            except BlockingIOError:
                return
            kind, _, _, identifier, sequence = struct.unpack_from("!BBHHH", reply)
            if (kind, identifier) == (0, _STREAM):
                self._answered.add(sequence)
