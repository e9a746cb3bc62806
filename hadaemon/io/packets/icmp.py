"""Echo requests (RFC 792, RFC 4443 §4.1) over one raw socket: to hosts of one family, from one interface.

The replies of every other program come in too: the identifier is ours alone.
"""

import os
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.vrrp.model import IPAddress

_SO_BINDTOIFINDEX: Final = 62
_SOL_RAW: Final = 255
_ICMP_FILTER: Final = 1
_ICMPV6_FILTER: Final = 1
_REQUEST4, _REPLY4 = 8, 0
_REQUEST6, _REPLY6 = 128, 129
_ECHO = struct.Struct("!BBHHH")
_BATCH: Final = 64
"""Replies read per call: a flood cannot keep the loop from its timers."""


class EchoSocket:
    """Sends echo requests and reads the replies to them."""

    def __init__(self, version: int, index: int | None) -> None:
        """`version` of IP; `index` of the interface, None: as the routing table says. Raises PortError."""
        self._version = version
        self._index = index
        self._identifier = os.getpid() & 0xFFFF
        family, protocol = (
            (socket.AF_INET, socket.IPPROTO_ICMP)
            if version == 4
            else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        )
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise PortError(f"ping socket: {os.strerror(error.errno or 0)}") from error
        try:
            self._configure()
        except OSError as error:
            self._socket.close()
            raise PortError(f"ping socket: {os.strerror(error.errno or 0)}") from error

    def _configure(self) -> None:
        if self._index is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, self._index)
        if self._version == 4:
            self._socket.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~(1 << _REPLY4) & 0xFFFFFFFF))
        else:
            self._socket.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, _blocking_all_but(_REPLY6))

    def fileno(self) -> int:
        """Readable when replies wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def send(self, host: IPAddress, sequence: int) -> None:
        """One echo request. Raises PortError when it cannot leave."""
        request = _request(self._version, self._identifier, sequence)
        scope = self._index or 0 if host.is_link_local else 0
        target = (str(host), 0) if self._version == 4 else (str(host), 0, 0, scope)
        try:
            self._socket.sendto(request, target)
        except OSError as error:
            raise PortError(f"ping {host}: {os.strerror(error.errno or 0)}") from error

    def receive(self) -> Iterator[tuple[IPAddress, int]]:
        """Who answered, and to which sequence number, up to one batch."""
        for _ in range(_BATCH):
            try:
                data, source = self._socket.recvfrom(2048)
            except OSError:
                return
            if self._version == 4:
                data = data[(data[0] & 0x0F) * 4 :]
            if len(data) < _ECHO.size:
                continue
            kind, _, _, identifier, sequence = _ECHO.unpack_from(data)
            if identifier == self._identifier and kind in (_REPLY4, _REPLY6):
                yield ip_address(source[0].partition("%")[0]), sequence


def _request(version: int, identifier: int, sequence: int) -> bytes:
    """The kernel fills in the checksum of ICMPv6 (RFC 3542 §3.1), and not that of ICMP."""
    kind = _REQUEST4 if version == 4 else _REQUEST6
    checksum = 0
    if version == 4:
        total = (kind << 8) + identifier + sequence
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        checksum = ~total & 0xFFFF
    return _ECHO.pack(kind, 0, checksum, identifier, sequence)


def _blocking_all_but(kind: int) -> bytes:
    """struct icmp6_filter: a bit for each type that is not wanted."""
    words = [0xFFFFFFFF] * 8
    words[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack("=8I", *words)
