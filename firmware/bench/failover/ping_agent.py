"""Pings one address from the namespace that it runs in, at a steady rate, and remembers every answer.

Run as a script: ADDRESS PERIOD (seconds). Says `answered` on standard output at the first answer. Ends when
standard input does; the last line of output is then a JSON object: `sent` has the monotonic time of each
request, `answered` [number of the request, monotonic time] of each answer.
"""

import json
import os
import select
import socket
import struct
import sys
import time

_HEADER = struct.Struct("!BBHHH")
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_IP_HEADER = 20
_LAST_ANSWERS = 0.3
"""Seconds for answers after the last request."""


def main(address: str, period: float) -> None:
    """Pings until standard input ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.connect((address, 0))
        sock.setblocking(False)
        pinger = Pinger(sock, os.getpid() & 0xFFFF)
        due = time.monotonic()
        while True:
            due += period
            pinger.ask()
            if pinger.listen(due, stop_at=sys.stdin.fileno()):
                break
        pinger.listen(time.monotonic() + _LAST_ANSWERS, stop_at=None)
    print(json.dumps({"sent": pinger.sent, "answered": pinger.answered}), flush=True)


class Pinger:
    """Sends and receives on one socket."""

    def __init__(self, sock: socket.socket, identity: int) -> None:
        self._socket = sock
        self._identity = identity
        self.sent: list[float] = []
        self.answered: list[tuple[int, float]] = []

    def ask(self) -> None:
        """One request; that it cannot be sent now is a lost ping like any other."""
        number = len(self.sent)
        self.sent.append(time.monotonic())
        try:
            self._socket.send(echo_request(self._identity, number & 0xFFFF))
        except OSError:
            return

    def listen(self, until: float, stop_at: int | None) -> bool:
        """Take answers in until that moment; True when `stop_at` became readable."""
        sources = [self._socket.fileno(), *([] if stop_at is None else [stop_at])]
        while (left := until - time.monotonic()) > 0:
            ready = select.select(sources, [], [], left)[0]
            if self._socket.fileno() in ready:
                self._receive()
            if stop_at in ready:
                return True
        return False

    def _receive(self) -> None:
        try:
            data = self._socket.recv(2048)
        except OSError:
            return  # an ICMP error that was queued on the socket
        moment = time.monotonic()
        kind, _, _, identity, sequence = _HEADER.unpack_from(data, _IP_HEADER)
        if (kind, identity) != (_ECHO_REPLY, self._identity):
            return
        if not self.answered:
            print("answered", flush=True)
        newest = len(self.sent) - 1
        self.answered.append((newest - ((newest - sequence) & 0xFFFF), moment))


def echo_request(identity: int, sequence: int) -> bytes:
    """An ICMP echo request without payload (RFC 792)."""
    total = (_ECHO_REQUEST << 8) + identity + sequence
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _HEADER.pack(_ECHO_REQUEST, 0, checksum, identity, sequence)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
