"""Echo requests from a namespace: no `ping` program is needed."""

import select
import socket
import time

from scapy.layers.inet import ICMP

from .namespaces import Namespace


class Pinger:
    """Asks one address from one namespace."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        self._socket = namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._address = address
        self._sequence = 0

    def ping(self, within: float) -> None:
        """One echo request that must be answered."""
        self._sequence += 1
        request = bytes(ICMP(type=8, id=0x4853, seq=self._sequence))
        self._socket.sendto(request, (self._address, 0))
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                reply = ICMP(self._socket.recv(2048)[20:])
                if (reply.type, reply.id, reply.seq) == (0, 0x4853, self._sequence):
                    return
        raise AssertionError(f"{self._address} did not answer within {within:g} s")
