"""Which interface leads to an address, as the kernel's routes have it. Blocking, and answered at once."""

import os
import socket
import struct
import sys

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes
from hadaemon.vrrp.model import IPAddress

_GET_ROUTE, _ERROR = 26, 2
_DESTINATION, _INTERFACE = 1, 4
_UNICAST = 1
_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_REQUEST = 0x1
_TIMEOUT = 2.0
"""Seconds."""
_NO_ROUTE = (101, 113, 22)
"""ENETUNREACH, EHOSTUNREACH, EINVAL."""


class Routes:
    """Answers are remembered: for one question, not for long."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
        )
        self._socket.settimeout(_TIMEOUT)
        self._known: dict[IPAddress, int | None] = {}

    def close(self) -> None:
        self._socket.close()

    def interface_to(self, address: IPAddress) -> int | None:
        """The index of the interface; None: no route, or one of the node's own. Raises NetlinkError."""
        if address not in self._known:
            self._known[address] = self._ask(address)
        return self._known[address]

    def _ask(self, address: IPAddress) -> int | None:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        body = _ROUTE.pack(family, address.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
        body += attribute(_DESTINATION, address.packed)
        try:
            self._socket.send(_HEADER.pack(_HEADER.size + len(body), _GET_ROUTE, _REQUEST, 1, 0) + body)
            data = self._socket.recv(1 << 14)
        except OSError as error:
            raise NetlinkError(
                f"route to {address}", error.errno or 0, os.strerror(error.errno or 0)
            ) from error
        length, kind, *_ = _HEADER.unpack_from(data)
        if kind == _ERROR:
            code = -struct.unpack_from("=i", data, _HEADER.size)[0]
            if code in _NO_ROUTE:
                return None
            raise NetlinkError(f"route to {address}", code, os.strerror(code))
        return _interface(data[_HEADER.size : length])


def _interface(route: bytes) -> int | None:
    if _ROUTE.unpack_from(route)[7] != _UNICAST:
        return None
    found = attributes(route[_ROUTE.size :]).get(_INTERFACE)
    return int.from_bytes(found, sys.byteorder) if found is not None else None
