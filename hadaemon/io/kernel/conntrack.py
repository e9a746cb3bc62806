"""The kernel's connection table: list it, and remove entries. Blocking: for a thread.

Plain netlink, decoded by hand: a table has hundreds of thousands of entries, and only their tuples matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from hadaemon.firewall.outdated import Flow
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes
from hadaemon.io.kernel.netlink_socket import ACK, DUMP, HEADER, NETFILTER, NETFILTER_FAMILY, NetlinkSocket

_SUBSYSTEM = 1 << 8
_GET, _DELETE = 1, 2
_ORIGINAL, _REPLY, _ID = 1, 2, 12
_ADDRESSES, _PROTOCOL = 1, 2
_SOURCE = {2: 1, 10: 3}
"""The attribute with the source address, by family; the next number is that of the destination."""
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
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
        body = NETFILTER_FAMILY.pack(0, 0, 0)
        for _, message in self.answers("list connections", _SUBSYSTEM | _GET, DUMP, body):
            entry = _entry(message[HEADER.size :])
            if entry is not None:
                yield entry

    def remove(self, entry: Entry) -> None:
        """Removes an entry. One that is gone already is no error. Raises NetlinkError."""
        body = NETFILTER_FAMILY.pack(entry.family, 0, 0) + entry.key
        try:
            self.ask("remove a connection", _SUBSYSTEM | _DELETE, ACK, body)
        except NetlinkError as error:
            if error.code != _ENOENT:
                raise


def _entry(message: bytes) -> Entry | None:
    family = message[0]
    found = attributes(message[NETFILTER_FAMILY.size :])
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
