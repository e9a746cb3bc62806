"""The kernel's connection table: list it, and remove entries. Blocking: for a thread.

Plain netlink, decoded by hand: a table has hundreds of thousands of entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from hadaemon.conntrack.connection import SCTP, TCP, Connection, End, state_name
from hadaemon.firewall.outdated import Flow
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes
from hadaemon.io.kernel.netlink_socket import ACK, DUMP, HEADER, NETFILTER, NETFILTER_FAMILY, NetlinkSocket

_SUBSYSTEM = 1 << 8
_GET, _DELETE = 1, 2
_ORIGINAL, _REPLY, _STATUS, _PROTOCOL_INFO, _TIMEOUT, _ID = 1, 2, 3, 4, 7, 12
_ADDRESSES, _PROTOCOL = 1, 2
_SOURCE = {2: 1, 10: 3}
"""The attribute with the source address, by family; the next number is that of the destination."""
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_IDENTIFIER = {1: 4, 58: 7}
"""The attribute with the identifier of ICMP, by protocol."""
_STATE = 1
_INFO = {TCP: 1, SCTP: 3}
"""Where the state is, by protocol."""
_REPLIED, _ASSURED = 2, 4
_ENOENT = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow, and what names it to the kernel."""

    flow: Flow
    family: int
    key: bytes


class ConnectionTable(NetlinkSocket):
    """The table of this network namespace; a context manager."""

    def __init__(self) -> None:
        """Raises NetlinkError."""
        super().__init__(NETFILTER, "list connections")

    def entries(self) -> Iterator[Entry]:
        """Every entry of both families; entries that change meanwhile may be missing. Raises NetlinkError."""
        for message in self._messages():
            entry = _entry(message)
            if entry is not None:
                yield entry

    def connections(self) -> Iterator[Connection]:
        """The same, to be shown."""
        for message in self._messages():
            connection = connection_of(message)
            if connection is not None:
                yield connection

    def _messages(self) -> Iterator[bytes]:
        body = NETFILTER_FAMILY.pack(0, 0, 0)
        for _, message in self.answers("list connections", _SUBSYSTEM | _GET, DUMP, body):
            yield message[HEADER.size :]

    def remove(self, entry: Entry) -> None:
        """Removes an entry. One that is gone already is no error. Raises NetlinkError."""
        body = NETFILTER_FAMILY.pack(entry.family, 0, 0) + entry.key
        try:
            self.ask("remove a connection", _SUBSYSTEM | _DELETE, ACK, body)
        except NetlinkError as error:
            if error.code != _ENOENT:
                raise


class _Tuple(NamedTuple):
    """One direction of a connection."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    protocol: int


def connection_of(message: bytes) -> Connection | None:
    """What the kernel says of one entry, without the netlink header; None: it is none of IP."""
    try:
        family = message[0]
        found = attributes(message[NETFILTER_FAMILY.size :])
        there, back = _tuple(found[_ORIGINAL], family), _tuple(found[_REPLY], family)
        status = int.from_bytes(found.get(_STATUS, b""), "big")
        identified = there.protocol in _IDENTIFIER  # Of ICMP both directions have it, and it is one value.
        return Connection(
            protocol=there.protocol,
            source=End(ip_address(there.source), there.source_port),
            destination=End(ip_address(there.destination), there.destination_port),
            answered_by=End(ip_address(back.source), 0 if identified else back.source_port),
            answered_to=End(
                ip_address(back.destination), back.source_port if identified else back.destination_port
            ),
            state=_state(there.protocol, found.get(_PROTOCOL_INFO, b"")),
            assured=bool(status & _ASSURED),
            replied=bool(status & _REPLIED),
            timeout=int.from_bytes(found.get(_TIMEOUT, b""), "big"),
        )
    except (KeyError, IndexError, ValueError):
        return None


def _state(protocol: int, info: bytes) -> str:
    inner = attributes(info).get(_INFO.get(protocol, 0), b"")
    state = attributes(inner).get(_STATE)
    return state_name(protocol, state[0] if state else None)


def _entry(message: bytes) -> Entry | None:
    family = message[0]
    found = attributes(message[NETFILTER_FAMILY.size :])
    if family not in _SOURCE or _ORIGINAL not in found or _REPLY not in found:
        return None
    original, reply = _tuple(found[_ORIGINAL], family), _tuple(found[_REPLY], family)
    flow = Flow(
        protocol=original.protocol,
        source=ip_address(original.source),
        destination=ip_address(original.destination),
        destination_port=original.destination_port,
        answered_by=ip_address(reply.source),
        answered_from_port=reply.source_port,
        answered_to=ip_address(reply.destination),
    )
    key = attribute(_ORIGINAL | 0x8000, found[_ORIGINAL])
    if _ID in found:  # So that a later entry with the same addresses stays.
        key += attribute(_ID, found[_ID])
    return Entry(flow, family, key)


def _tuple(data: bytes, family: int) -> _Tuple:
    """Of a connection of ICMP the identifier is its source's port. Raises KeyError, IndexError."""
    parts = attributes(data)
    addresses, protocol = attributes(parts[_ADDRESSES]), attributes(parts[_PROTOCOL])
    key = _SOURCE[family]
    number = protocol[_NUMBER][0]
    return _Tuple(
        source=addresses[key],
        destination=addresses[key + 1],
        source_port=int.from_bytes(protocol.get(_IDENTIFIER.get(number, _SOURCE_PORT), b""), "big"),
        destination_port=int.from_bytes(protocol.get(_DESTINATION_PORT, b""), "big"),
        protocol=number,
    )
