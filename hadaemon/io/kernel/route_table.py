"""The kernel's main routing table: which interfaces lead to a network, and word of changes. Plain netlink,
decoded by hand: a table may have many thousands of routes, and of most only the destination matters.
"""

import os
import socket
import struct
from collections.abc import Collection, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from hadaemon.io.errors import NetlinkError

Network: TypeAlias = IPv4Network | IPv6Network

_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_ERROR, _DONE = 2, 3
_GROUPS = 0x40 | 0x400
"""RTMGRP_IPV4_ROUTE and RTMGRP_IPV6_ROUTE."""
_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
"""rtmsg: family, length of the destination, of the source, TOS, table, protocol, scope, type, flags."""
_HOP = struct.Struct("=HBBi")
"""rtnexthop: length, flags, weight, interface."""
_REQUEST, _DUMP = 0x1, 0x300
_DESTINATION, _INTERFACE, _HOPS = 1, 4, 9
_MAIN, _UNICAST = 254, 1
_UNUSABLE = 0x1 | 0x10
"""RTNH_F_DEAD and RTNH_F_LINKDOWN: the interface is down, or has no carrier."""
_STRICT = 12
"""NETLINK_GET_STRICT_CHK: the kernel lists the asked table alone."""
_READ = 1 << 17
_TIMEOUT = 10.0
"""Seconds for each answer."""


class RouteMonitor:
    """Hears which destinations are touched."""

    def __init__(self) -> None:
        """Raises NetlinkError."""
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
            self._socket.bind((0, _GROUPS))
        except OSError as error:
            raise _failure("follow routes", error) from error

    def fileno(self) -> int:
        """Readable when there are changes."""
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def touches(self, wanted: Collection[Network]) -> bool:
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
                if error.errno != 105:  # ENOBUFS: more was said than the socket can hold.
                    raise _failure("follow routes", error) from error
                touched = True
            else:
                touched = touched or any(
                    _destination(body) in wanted
                    for kind, body in _split(data)
                    if kind in (_NEW_ROUTE, _DELETE_ROUTE)
                )


def interfaces_to(wanted: Collection[Network]) -> dict[Network, frozenset[int]]:
    """Of each network, the indexes of the interfaces that a usable route to exactly this network leads over.
    Blocking: for a thread. Raises NetlinkError."""
    found: dict[Network, set[int]] = {network: set() for network in wanted}
    for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        if not any(network.version == version for network in wanted):
            continue
        for body in _list(family):
            if body[_HEADER.size + 4] != _MAIN or body[_HEADER.size + 7] != _UNICAST:
                continue
            network = _destination(body)
            if network in found:
                found[network] |= set(_interfaces(body))
    return {network: frozenset(interfaces) for network, interfaces in found.items()}


def _list(family: int) -> Iterator[bytes]:
    """Each route of a family, as a whole message."""
    request = _ROUTE.pack(family, 0, 0, 0, _MAIN, 0, 0, 0, 0)
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    try:
        with socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(_TIMEOUT)
            sock.setsockopt(270, _STRICT, 1)  # SOL_NETLINK
            header = _HEADER.pack(_HEADER.size + len(request), _GET_ROUTE, _REQUEST | _DUMP, 1, 0)
            sock.send(header + request)
            while True:
                for answer, body in _split(sock.recv(_READ)):
                    if answer == _NEW_ROUTE:
                        yield body
                    elif answer == _DONE:
                        return
                    elif answer == _ERROR:
                        code = -struct.unpack_from("=i", body, _HEADER.size)[0]
                        raise NetlinkError("list routes", code, os.strerror(code))
    except OSError as error:
        raise _failure("list routes", error) from error


def _split(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, data[offset : offset + length]
        offset += (length + 3) & ~3


def _destination(body: bytes) -> Network | None:
    family, prefix = body[_HEADER.size], body[_HEADER.size + 1]
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    size = 4 if family == socket.AF_INET else 16
    packed = bytes(size)
    for kind, value in _attributes(body, _HEADER.size + _ROUTE.size):
        if kind == _DESTINATION and len(value) == size:
            packed = value
    return ip_network((packed, prefix))


def _interfaces(body: bytes) -> Iterator[int]:
    """Of a route's usable ways."""
    flags = _ROUTE.unpack_from(body, _HEADER.size)[8]
    for kind, value in _attributes(body, _HEADER.size + _ROUTE.size):
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


def _attributes(body: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    while offset + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, offset)
        if length < 4:
            return
        yield kind & 0x3FFF, body[offset + 4 : offset + length]
        offset += (length + 3) & ~3


def _failure(what: str, error: OSError) -> NetlinkError:
    return NetlinkError(what, error.errno or 0, os.strerror(error.errno or 0))
