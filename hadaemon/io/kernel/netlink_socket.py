"""Requests to the kernel over netlink, and its answers.

The socket does not block: the kernel has queued its answer to a request before `send` returns.
"""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from hadaemon.io.errors import NetlinkError

HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length, type, flags, sequence number, port."""
ACK, DUMP, CREATE, EXCLUSIVE, APPEND = 0x4, 0x300, 0x400, 0x200, 0x800
NETFILTER = 12
"""The part of the kernel with nftables and the connections; missing in the standard library."""
NETFILTER_FAMILY = struct.Struct("!BBH")
"""nfgenmsg, with which a message to NETFILTER begins: family, version 0, resource."""
_REQUEST = 0x1
_ERROR, _DONE = 2, 3
_READ = 1 << 17
_SO_SNDBUFFORCE = 32
"""Missing in the standard library, too."""


class NetlinkSocket:
    """One socket to one part of the kernel, e.g. `socket.NETLINK_ROUTE`."""

    def __init__(self, part: int, what: str = "netlink", largest: int | None = None) -> None:
        """`what`: the text of a failure to open it. `largest`: bytes of the largest request, where that is
        more than the system allows everybody; takes CAP_NET_ADMIN. Raises NetlinkError."""
        try:
            self._socket = open_netlink(part)
            if largest is not None:
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, largest)
        except OSError as error:
            raise _failure(what, error) from error
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def ask(self, what: str, kind: int, flags: int, body: bytes) -> list[tuple[int, bytes]]:
        """Type and whole message of each answer. Raises NetlinkError, with `what` in its text.

        `flags` must have ACK or DUMP, which tell where the answers end.
        """
        return list(self.answers(what, kind, flags, body))

    def answers(self, what: str, kind: int, flags: int, body: bytes) -> Iterator[tuple[int, bytes]]:
        """As `ask`, one after the other, for long lists. The next request comes after the last of them."""
        try:
            self._socket.send(self._request(kind, flags, body))
            while True:
                for answer, message in self._received():
                    if answer in (_ERROR, _DONE):
                        _raise_for(what, _code(message))
                        return
                    yield answer, message
        except OSError as error:
            raise _failure(what, error) from error

    def ask_together(self, what: str, requests: Sequence[tuple[int, int, bytes]]) -> None:
        """Several requests in one datagram, as nftables wants its transactions: type, flags and body of each.
        Raises NetlinkError for the first that the kernel refuses.

        At least one must have ACK: it answers to those, and to what it refuses.
        """
        first = self._sequence + 1
        codes = []
        try:
            self._socket.send(b"".join(self._request(*request) for request in requests))
            codes += self._codes(first)
            with contextlib.suppress(BlockingIOError):
                while True:
                    codes += self._codes(first)
        except OSError as error:
            raise _failure(what, error) from error
        _raise_for(what, next((code for code in codes if code), 0))

    def _request(self, kind: int, flags: int, body: bytes) -> bytes:
        self._sequence += 1
        return HEADER.pack(HEADER.size + len(body), kind, _REQUEST | flags, self._sequence, 0) + body

    def _received(self) -> Iterator[tuple[int, bytes]]:
        """Answers to the last request."""
        for answer, message in messages(self._socket.recv(_READ)):
            if HEADER.unpack_from(message)[3] == self._sequence:
                yield answer, message

    def _codes(self, first: int) -> list[int]:
        """The errno of each answer to a request of this number or a later one; 0 is success."""
        return [
            _code(message)
            for answer, message in messages(self._socket.recv(_READ))
            if answer == _ERROR and HEADER.unpack_from(message)[3] >= first
        ]


def open_netlink(part: int, groups: int = 0) -> socket.socket:
    """A socket that does not block, subscribed to groups. Raises OSError."""
    kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
    sock = socket.socket(socket.AF_NETLINK, kind, part)
    sock.bind((0, groups))
    return sock


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each message of a datagram: type and the whole message, header included."""
    offset = 0
    while offset + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, offset)
        if length < HEADER.size:
            return
        yield kind, data[offset : offset + length]
        offset += (length + 3) & ~3


def _code(message: bytes) -> int:
    """ERROR and DONE both begin with a negative errno; 0 is success."""
    return -int(struct.unpack_from("=i", message, HEADER.size)[0])


def _raise_for(what: str, code: int) -> None:
    if code:
        error = OSError(code, os.strerror(code))
        raise _failure(what, error) from error


def _failure(what: str, error: OSError) -> NetlinkError:
    return NetlinkError(what, error.errno or 0, os.strerror(error.errno or 0))
