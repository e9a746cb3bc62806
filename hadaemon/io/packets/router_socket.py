"""Router advertisements on one interface: a raw ICMPv6 socket that hears solicitations and nothing else.

The source is always the virtual link-local address: it must be on the interface.
"""

import os
import socket
import struct
from ipaddress import IPv6Address, ip_address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.radv.message import HOP_LIMIT, ROUTER_SOLICITATION, is_solicitation

_SO_BINDTOIFINDEX: Final = 62
_ICMP6_FILTER: Final = 1
"""Both are missing in the standard library."""
_ALL_ROUTERS: Final = IPv6Address("ff02::2")
_ALL_NODES: Final = "ff02::1"
_PACKET_INFO: Final = struct.Struct("=16si")
_HOP_LIMIT: Final = struct.Struct("=i")
_BATCH: Final = 32
_LARGEST: Final = 2048


class RouterSocket:
    """Sends and receives on one interface, named by its index."""

    def __init__(self, index: int) -> None:
        self.index = index
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(socket.AF_INET6, kind, socket.IPPROTO_ICMPV6)
        except OSError as error:
            raise PortError(f"socket of router advertisements: {_text(error)}") from error
        try:
            self._set_up(index)
        except OSError as error:
            self._socket.close()
            raise PortError(
                f"socket of router advertisements on interface {index}: {_text(error)}"
            ) from error

    def fileno(self) -> int:
        """Readable when somebody asks."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes it, without another advertisement."""
        self._socket.close()

    def send(self, message: bytes, source: IPv6Address) -> None:
        """To all hosts of the link."""
        info = _PACKET_INFO.pack(source.packed, self.index)
        ancillary = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)]
        try:
            self._socket.sendmsg([message], ancillary, 0, (_ALL_NODES, 0, 0, self.index))
        except OSError as error:
            raise PortError(f"send router advertisement from {source}: {_text(error)}") from error

    def solicited(self) -> bool:
        """Whether somebody asked since the last call."""
        asked = False
        for _ in range(_BATCH):
            try:
                data, ancillary, _, sender = self._socket.recvmsg(
                    _LARGEST, socket.CMSG_SPACE(_HOP_LIMIT.size)
                )
            except OSError:
                break
            limits = [value for _, kind, value in ancillary if kind == socket.IPV6_HOPLIMIT]
            source = ip_address(sender[0].partition("%")[0])
            limit = _HOP_LIMIT.unpack(limits[0])[0] if limits else 0
            asked = asked or is_solicitation(data, limit, source.is_unspecified)
        return asked

    def _set_up(self, index: int) -> None:
        blocked = bytearray(b"\xff" * 32)  # Bit n set: type n is not for us.
        word, bit = divmod(ROUTER_SOLICITATION, 32)
        passing = struct.pack("=I", 0xFFFFFFFF & ~(1 << bit))
        blocked[word * 4 : word * 4 + 4] = passing
        for level, option, value in (
            (socket.SOL_SOCKET, _SO_BINDTOIFINDEX, index),
            (socket.IPPROTO_ICMPV6, _ICMP6_FILTER, bytes(blocked)),
            (socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1),
            (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOP_LIMIT),
            (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0),
            (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index),
            (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("=16si", _ALL_ROUTERS.packed, index)),
        ):
            self._socket.setsockopt(level, option, value)


def _text(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
