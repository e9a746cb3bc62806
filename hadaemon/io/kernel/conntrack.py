"""The kernel's connection table: list it, and remove entries. Blocking: for a thread.

Plain netlink, decoded by hand: a table has hundreds of thousands of entries, and only their tuples matter.
"""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType

from hadaemon.firewall.outdated import Flow
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 1 << 8
_GET, _DELETE = 1, 2
_ORIGINAL, _REPLY, _ID = 1, 2, 12
_ADDRESSES, _PROTOCOL = 1, 2
_SOURCE = {2: 1, 10: 3}
"""The attribute with the source address, by family; the next number is that of the destination."""
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_HEADER = struct.Struct("=IHHII")
_FAMILY_HEADER = struct.Struct("!BBH")
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_ENOENT = 2
_READ = 1 << 18
_TIMEOUT = 10.0
"""Seconds for each answer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow, and what names it to the kernel."""

    flow: Flow
    family: int
    key: bytes


class ConnectionTable:
    """The table of this network namespace; a context manager."""

    def __enter__(self) -> "ConnectionTable":
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER)
        self._socket.settimeout(_TIMEOUT)
        self._socket.bind((0, 0))
        self._sequence = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def entries(self) -> Iterator[Entry]:
        """Every entry of both families; entries that change meanwhile may be missing. Raises NetlinkError."""
        for body in self._ask("list connections", _GET, _DUMP, 0, b""):
            entry = _entry(body)
            if entry is not None:
                yield entry

    def remove(self, entry: Entry) -> None:
        """Removes an entry. One that is gone already is no error. Raises NetlinkError."""
        try:
            for _ in self._ask("remove a connection", _DELETE, _ACK, entry.family, entry.key):
                pass
        except NetlinkError as error:
            if error.code != _ENOENT:
                raise

    def _ask(self, what: str, kind: int, flags: int, family: int, body: bytes) -> Iterator[bytes]:
        self._sequence += 1
        payload = _FAMILY_HEADER.pack(family, 0, 0) + body
        header = _HEADER.pack(
            _HEADER.size + len(payload), _SUBSYSTEM | kind, _REQUEST | flags, self._sequence, 0
        )
        try:
            self._socket.send(header + payload)
            while True:
                for answer, message in _messages(self._socket.recv(_READ)):
                    if answer in (_ERROR, _DONE):
                        (code,) = struct.unpack_from("=i", message)
                        if code:
                            raise NetlinkError(what, -code, os.strerror(-code))
                        return
                    yield message
        except OSError as error:
            raise NetlinkError(what, error.errno or 0, os.strerror(error.errno or 0)) from error


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def _entry(message: bytes) -> Entry | None:
    family = message[0]
    found = attributes(message[_FAMILY_HEADER.size :])
    if family not in _SOURCE or _ORIGINAL not in found or _REPLY not in found:
        return None
    original, reply = _tuple(found[_ORIGINAL], family), _tuple(found[_REPLY], family)
    flow = Flow(
        protocol=original[3],
        source=ip_address(original[0]),
        destination=ip_address(original[1]),
        destination_port=original[2],
        answered_by=ip_address(reply[0]),
        answered_from_port=reply[4],
        answered_to=ip_address(reply[1]),
    )
    key = attribute(_ORIGINAL | 0x8000, found[_ORIGINAL])
    if _ID in found:  # So that a later entry with the same addresses stays.
        key += attribute(_ID, found[_ID])
    return Entry(flow, family, key)


def _tuple(data: bytes, family: int) -> tuple[bytes, bytes, int, int, int]:
    """Source, destination, destination port, protocol, source port."""
    parts = attributes(data)
    addresses, protocol = attributes(parts[_ADDRESSES]), attributes(parts[_PROTOCOL])
    key = _SOURCE[family]
    return (
        addresses[key],
        addresses[key + 1],
        int.from_bytes(protocol.get(_DESTINATION_PORT, b""), "big"),
        protocol[_NUMBER][0],
        int.from_bytes(protocol.get(_SOURCE_PORT, b""), "big"),
    )
