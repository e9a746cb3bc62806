"""Drops every virtual address of this product, on any interface, and takes down the links that are up on the
active node only: run when the daemon has ended, however it ended, and by its guard when it stands still.

It runs between a crash and the takeover, and starting the interpreter takes nearly all of its time: so no
`site`, and only those parts of the standard library that are in the interpreter itself. Measured, `import
socket, collections.abc` doubles its time, and pyroute2 would take ten times as long. (`ip address flush proto
72` would be faster still, but iproute2 6.15 flushes every address of the node at that.)
"""

import errno
import os
import sys
from _socket import AF_NETLINK, NETLINK_ROUTE, SOCK_RAW, socket
from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL = 0x48
"""IFA_PROTO of the addresses that the daemon adds."""

FOLLOWING = 0x48
"""Group of the links that follow the active node (IFLA_GROUP)."""

_RTM_NEWLINK = 16
_RTM_NEWADDR, _RTM_DELADDR, _RTM_GETADDR = 20, 21, 22
_ERROR, _DONE = 2, 3
_GONE = (errno.EADDRNOTAVAIL, errno.ENODEV)
"""What the kernel says of an address that is gone already, or with its link."""
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_IFA_PROTO = 11
_IFLA_GROUP = 27
_IFF_UP = 1
_LINK = Struct("=BBHiII")
_GROUP = Struct("=HHI")
_HEADER = Struct("=IHHII")
_ADDRESS = Struct("=BBBBI")
_ATTRIBUTE = Struct("=HH")
_CODE = Struct("=i")
_READ = 1 << 16
_ROUNDS = 8
"""A list that was made while addresses changed can be incomplete: look again until there is none."""


def main() -> int:
    """0: no virtual address is left; 1: something could not be removed, the reason is on standard error."""
    try:
        drop()
    except OSError as error:
        print(f"drop-addresses: {error}", file=sys.stderr)
        return 1
    return 0


def drop() -> None:
    """Raises OSError: something could not be removed."""
    sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
    try:
        sock.bind((0, 0))
        sock.settimeout(1.0)
        for _ in range(_ROUNDS):
            bodies = list(_virtual_addresses(sock))
            failed = [error for body in bodies if (error := _remove(sock, body)) is not None]
            if failed:
                raise failed[0]
            if not bodies:
                _take_down_links(sock)
                return
    finally:
        sock.close()
    raise OSError(errno.EBUSY, "somebody adds virtual addresses as fast as they are removed")


def _virtual_addresses(sock: socket) -> "Iterator[bytes]":
    """Each address with our protocol number, as the body of the message that reported it."""
    sock.send(_HEADER.pack(_HEADER.size + _ADDRESS.size, _RTM_GETADDR, _REQUEST | _DUMP, 1, 0) + bytes(8))
    while True:
        for kind, body in _messages(sock.recv(_READ)):
            if kind == _DONE:
                return
            if kind == _ERROR:
                raise _error(body, "list addresses")
            if kind == _RTM_NEWADDR and _protocol(body) == PROTOCOL:
                yield body


def _remove(sock: socket, body: bytes) -> OSError | None:
    """Removes one address: the body in which the kernel reported it serves as the request to remove it.

    Returns why it could not be removed. An address that is gone already is no failure, and a failure does not
    stop the removal of the others.
    """
    sock.send(_HEADER.pack(_HEADER.size + len(body), _RTM_DELADDR, _REQUEST | _ACK, 2, 0) + body)
    for kind, answer in _messages(sock.recv(_READ)):
        if kind == _ERROR and -_CODE.unpack_from(answer)[0] not in (0, *_GONE):
            return _error(answer, "remove address")
    return None


def _take_down_links(sock: socket) -> None:
    """Takes down all links of the group, in one request."""
    body = _LINK.pack(0, 0, 0, 0, 0, _IFF_UP) + _GROUP.pack(_GROUP.size, _IFLA_GROUP, FOLLOWING)
    sock.send(_HEADER.pack(_HEADER.size + len(body), _RTM_NEWLINK, _REQUEST | _ACK, 3, 0) + body)
    for kind, answer in _messages(sock.recv(_READ)):
        if kind == _ERROR and _CODE.unpack_from(answer)[0]:
            raise _error(answer, "take down links")


def _messages(data: bytes) -> "Iterator[tuple[int, bytes]]":
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        yield kind, data[offset + _HEADER.size : offset + length]
        offset += max(_HEADER.size, (length + 3) & ~3)


def _protocol(body: bytes) -> int:
    offset = _ADDRESS.size
    while offset + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if kind == _IFA_PROTO:
            return body[offset + _ATTRIBUTE.size]
        offset += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return 0


def _error(body: bytes, what: str) -> OSError:
    code = -_CODE.unpack_from(body)[0]
    return OSError(code, f"{what}: {os.strerror(code)}")


if __name__ == "__main__":
    sys.exit(main())
