"""Which interface leads to an address, as the kernel's routes have it. Blocking, and answered at once."""

import socket
import struct
import sys

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes
from hadaemon.io.kernel.netlink_socket import ACK, HEADER, NetlinkSocket
from hadaemon.vrrp.model import IPAddress

_GET_ROUTE = 26
_DESTINATION, _INTERFACE = 1, 4
_UNICAST = 1
_ROUTE = struct.Struct("=BBBBBBBBI")
_NO_ROUTE = (101, 113, 22)
"""ENETUNREACH, EHOSTUNREACH, EINVAL."""


class Routes:
    """Answers are remembered: for one question, not for long."""

    def __init__(self) -> None:
        """Raises NetlinkError."""
        self._netlink = NetlinkSocket(socket.NETLINK_ROUTE)
        self._known: dict[IPAddress, int | None] = {}

    def close(self) -> None:
        self._netlink.close()

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
            answers = self._netlink.ask(f"route to {address}", _GET_ROUTE, ACK, body)
        except NetlinkError as error:
            if error.code in _NO_ROUTE:
                return None
            raise
        return next((_interface(answer[HEADER.size :]) for _, answer in answers), None)


def _interface(route: bytes) -> int | None:
    if _ROUTE.unpack_from(route)[7] != _UNICAST:
        return None
    found = attributes(route[_ROUTE.size :]).get(_INTERFACE)
    return int.from_bytes(found, sys.byteorder) if found is not None else None
