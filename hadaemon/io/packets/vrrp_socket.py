"""VRRP on one port: a raw socket of one family, bound to one interface (RFC 9568 §5.1).

The IP header is ours (HDRINCL, in both families), so that the source address is always the one the node
decided on: never a virtual address that happens to be on the same interface, and a link-local one where the
port has no own address.
"""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from hadaemon.io.errors import PortError
from hadaemon.io.packets.socket_filter import attach
from hadaemon.io.packets.vrrp_filter import vrrp_filter
from hadaemon.vrrp import IP_PROTOCOL, IPV4_GROUP, IPV6_GROUP, TTL, Admission, IPAddress

_SO_BINDTOIFINDEX: Final = 62
_IPV6_HDRINCL: Final = 36
"""Both are missing in the standard library."""
_TC_PRIO_CONTROL: Final = 7
_NETWORK_CONTROL: Final = 0xC0
"""Class selector 6, as routing protocols send (RFC 2474 §4.2.2.2)."""
_IPV4_HEADER: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6_HEADER: Final = struct.Struct("!IHBB16s16s")
_HOP_LIMIT: Final = struct.Struct("=i")
_PACKET_INFO: Final = struct.Struct("=16si")
_ANCILLARY: Final = socket.CMSG_SPACE(_HOP_LIMIT.size) + socket.CMSG_SPACE(_PACKET_INFO.size)
BATCH: Final = 64
"""Packets read per call: a flood cannot keep the loop from its timers."""
ALL_WAITING: Final = 512
"""More packets than the kernel keeps for a socket: 208 KiB by default, where the smallest counts as 768
bytes. Packets that arrive while they are read wait for the next call."""
_REFUSED_BUFFER: Final = 8192
"""Bytes, which the kernel doubles: room for some 20 packets that nobody is in a hurry to look at."""
_LARGEST: Final = 4608
"""Bytes that are read of a packet, more than any advertisement has: 255 addresses of 16 bytes, a header and a
signature. A longer packet is cut, and then is not a valid advertisement either. Making room for the longest
possible packet each time took longer than reading one."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A received VRRP message and what its IP header said."""

    payload: bytes
    source: IPAddress
    destination: IPAddress
    ttl: int
    """Or hop limit."""


def group(family: int) -> IPAddress:
    """Where advertisements of a family are multicast."""
    return IPV4_GROUP if family == 4 else IPV6_GROUP


class VrrpSocket:
    """Sends and receives on one interface, named by its index: a re-created interface needs a new socket."""

    def __init__(self, index: int, admission: Admission, *, refused: bool = False) -> None:
        """Only what is admitted arrives; `refused`: only what is not, and little of that at a time.

        Raises PortError.
        """
        self.index = index
        self.family = family = admission.family
        domain = socket.AF_INET if family == 4 else socket.AF_INET6
        kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            self._socket = socket.socket(domain, kind, IP_PROTOCOL)
        except OSError as error:
            raise PortError(f"VRRP socket of IPv{family}: {_text(error)}") from error
        try:
            attach(self._socket, vrrp_filter(admission, refused=refused))
            if refused:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _REFUSED_BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, self.index)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, _TC_PRIO_CONTROL)
            for level, option, value in _ipv4_options(index) if family == 4 else _ipv6_options(index):
                self._socket.setsockopt(level, option, value)
        except OSError as error:
            self._socket.close()
            raise PortError(f"VRRP socket of IPv{family} on interface {index}: {_text(error)}") from error

    def fileno(self) -> int:
        """Readable when packets wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leaves the group and closes."""
        self._socket.close()

    def send(self, payload: bytes, source: IPAddress, destination: IPAddress) -> None:
        """Sends one VRRP message to the group or to one peer; both addresses are of the socket's family."""
        address = (str(destination), 0) if self.family == 4 else (str(destination), 0, 0, self.index)
        try:
            self._socket.sendto(ip_header(len(payload), source, destination) + payload, address)
        except OSError as error:
            raise PortError(f"send advertisement to {destination}: {_text(error)}") from error

    def receive(self, count: int) -> Iterator[Packet]:
        """What has arrived, up to so many packets. It is netlink that reports a port that went down, not
        this."""
        for _ in range(count):
            try:
                data, ancillary, _, sender = self._socket.recvmsg(_LARGEST, _ANCILLARY)
            except OSError:
                return
            packet = split_ipv4(data) if self.family == 4 else _from_ipv6(data, ancillary, sender[0])
            if packet is not None:
                yield packet


def ip_header(payload_length: int, source: IPAddress, destination: IPAddress) -> bytes:
    """The IP header of an advertisement; in IPv4 the kernel fills in identification and checksum."""
    if source.version == 6:
        first = 6 << 28 | _NETWORK_CONTROL << 20
        return _IPV6_HEADER.pack(first, payload_length, IP_PROTOCOL, TTL, source.packed, destination.packed)
    total = _IPV4_HEADER.size + payload_length
    return _IPV4_HEADER.pack(
        0x45, _NETWORK_CONTROL, total, 0, 0, TTL, IP_PROTOCOL, 0, source.packed, destination.packed
    )


def split_ipv4(data: bytes) -> Packet | None:
    """Takes the IP header off what a raw IPv4 socket delivers; None: shorter than a header."""
    if len(data) < _IPV4_HEADER.size:
        return None
    first, _, total, _, _, ttl, _, _, source, destination = _IPV4_HEADER.unpack_from(data)
    header = (first & 0x0F) * 4
    return Packet(data[header:total], IPv4Address(source), IPv4Address(destination), ttl)


def _from_ipv6(data: bytes, ancillary: list[tuple[int, int, bytes]], sender: str) -> Packet | None:
    """A raw IPv6 socket delivers the message alone, and separately those header fields that were asked
    for."""
    fields = {kind: value for level, kind, value in ancillary if level == socket.IPPROTO_IPV6}
    if socket.IPV6_HOPLIMIT not in fields or socket.IPV6_PKTINFO not in fields:
        return None
    (hop_limit,) = _HOP_LIMIT.unpack(fields[socket.IPV6_HOPLIMIT])
    destination, _ = _PACKET_INFO.unpack(fields[socket.IPV6_PKTINFO])
    return Packet(data, ip_address(sender.partition("%")[0]), IPv6Address(destination), hop_limit)


def _ipv4_options(index: int) -> list[tuple[int, int, int | bytes]]:
    membership = struct.pack("=4s4si", IPV4_GROUP.packed, bytes(4), index)
    return [
        (socket.IPPROTO_IP, socket.IP_HDRINCL, 1),
        (socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0),
        (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership),
        (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership),
    ]


def _ipv6_options(index: int) -> list[tuple[int, int, int | bytes]]:
    membership = struct.pack("=16si", IPV6_GROUP.packed, index)
    return [
        (socket.IPPROTO_IPV6, _IPV6_HDRINCL, 1),
        (socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1),
        (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1),
        (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0),
        (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index),
        (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership),
    ]


def _text(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
