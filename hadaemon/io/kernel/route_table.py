"""The kernel's main routing table: which interfaces lead to a network, and word of changes. Decoded by hand:
a table may have many thousands of routes, and of most only the destination matters.
"""

import errno
import os
import socket
import struct
from collections.abc import Collection, Iterator
from ipaddress import ip_network

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.netlink_socket import DUMP, HEADER, NetlinkSocket, messages, open_netlink
from hadaemon.vrrp.model import IPNetwork

_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_GROUPS = 0x40 | 0x400
"""RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE."""
_ROUTE = struct.Struct("=BBBBBBBBI")
"""rtmsg: family, length of the destination, of the source, TOS, table, protocol, scope, type, flags."""
_HOP = struct.Struct("=HBBi")
"""rtnexthop: length, flags, weight, interface."""
_DESTINATION, _INTERFACE, _HOPS = 1, 4, 9
_MAIN, _UNICAST = 254, 1
_UNUSABLE = 0x1 | 0x10
"""RTNH_F_DEAD and RTNH_F_LINKDOWN: the interface is down, or has no carrier."""
_READ = 1 << 17


class RouteMonitor:
    """Hears which destinations are touched."""

    def __init__(self) -> None:
        """Raises NetlinkError."""
        try:
            self._socket = open_netlink(socket.NETLINK_ROUTE, _GROUPS)
        except OSError as error:
            raise _failure(error) from error

    def fileno(self) -> int:
        """Readable when there are changes."""
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def touches(self, wanted: Collection[IPNetwork]) -> bool:
        """Whether a route to one of these has changed since the last call, or may have: words can be lost.

        Raises NetlinkError.
        """
        touched = False
        while True:
            try:
                data = self._socket.recv(_READ)
            except BlockingIOError:
                return touched
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise _failure(error) from error
                touched = True
            else:
                touched = touched or any(
                    _destination(body) in wanted
                    for kind, body in messages(data)
                    if kind in (_NEW_ROUTE, _DELETE_ROUTE)
                )


def interfaces_to(wanted: Collection[IPNetwork]) -> dict[IPNetwork, frozenset[int]]:
    """Of each network, the indexes of the interfaces that a usable route to exactly this network leads over.
    Takes its time with a large table: for a thread. Raises NetlinkError."""
    found: dict[IPNetwork, set[int]] = {network: set() for network in wanted}
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            if not any(network.version == version for network in wanted):
                continue
            request = _ROUTE.pack(family, *[0] * 8)
            for _, body in netlink.ask("list routes", _GET_ROUTE, DUMP, request):
                _, _, _, _, table, _, _, kind, _ = _ROUTE.unpack_from(body, HEADER.size)
                network = _destination(body) if (table, kind) == (_MAIN, _UNICAST) else None
                if network in found:
                    found[network] |= set(_interfaces(body))
    return {network: frozenset(interfaces) for network, interfaces in found.items()}


def _destination(body: bytes) -> IPNetwork | None:
    family, prefix = body[HEADER.size], body[HEADER.size + 1]
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    packed = bytes(4 if family == socket.AF_INET else 16)
    for kind, value in _attributes(body):
        if kind == _DESTINATION and len(value) == len(packed):
            packed = value
    return ip_network((packed, prefix))


def _interfaces(body: bytes) -> Iterator[int]:
    """Of a route's usable ways."""
    flags = _ROUTE.unpack_from(body, HEADER.size)[8]
    for kind, value in _attributes(body):
        if kind == _INTERFACE and not flags & _UNUSABLE:
            yield struct.unpack("=i", value)[0]
        elif kind == _HOPS:
            yield from _hops(value)


def _hops(value: bytes) -> Iterator[int]:
    offset = 0
    while offset + _HOP.size <= len(value):
        length, flags, _, index = _HOP.unpack_from(value, offset)
        if not flags & _UNUSABLE:
            yield index
        offset += max((length + 3) & ~3, _HOP.size)


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    offset = HEADER.size + _ROUTE.size
    while offset + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, offset)
        if length < 4:
            return
        yield kind & 0x3FFF, body[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def _failure(error: OSError) -> NetlinkError:
    return NetlinkError("follow routes", error.errno or 0, os.strerror(error.errno or 0))
