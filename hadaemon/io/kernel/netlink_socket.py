"""Requests to the kernel over netlink, and its answers.

The socket does not block: the kernel has queued its answer to a request before `send` returns.
"""

import os
import socket
import struct
from collections.abc import Iterator
from types import TracebackType

from hadaemon.io.errors import NetlinkError

HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length, type, flags, sequence number, port."""
ACK, DUMP, CREATE, EXCLUSIVE = 0x4, 0x300, 0x400, 0x200
_REQUEST = 0x1
_ERROR, _DONE = 2, 3
_READ = 1 << 17


class NetlinkSocket:
    """One socket to one part of the kernel, e.g. `socket.NETLINK_ROUTE`."""

    def __init__(self, part: int) -> None:
        """Raises NetlinkError."""
        try:
            self._socket = open_netlink(part)
        except OSError as error:
            raise _failure("netlink", error) from error
        self._sequence = 0

    def __enter__(self) -> "NetlinkSocket":
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
        self._sequence += 1
        header = HEADER.pack(HEADER.size + len(body), kind, _REQUEST | flags, self._sequence, 0)
        answers: list[tuple[int, bytes]] = []
        try:
            self._socket.send(header + body)
            while True:
                for answer, message in messages(self._socket.recv(_READ)):
                    if HEADER.unpack_from(message)[3] != self._sequence:
                        continue
                    if answer in (_ERROR, _DONE):
                        _raise_for(what, message)
                        return answers
                    answers.append((answer, message))
        except OSError as error:
            raise _failure(what, error) from error


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


def _raise_for(what: str, message: bytes) -> None:
    """ERROR and DONE both begin with a negative errno; 0 is success."""
    (code,) = struct.unpack_from("=i", message, HEADER.size)
    if code:
        raise NetlinkError(what, -code, os.strerror(-code))


def _failure(what: str, error: OSError) -> NetlinkError:
    return NetlinkError(what, error.errno or 0, os.strerror(error.errno or 0))
