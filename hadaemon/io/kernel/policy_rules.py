"""The kernel's rules of which routing table counts, for tunnels that take everything.

The main table is asked first, for all but its default route: so this node's own networks, the hotwire and
every narrower route stay what they are. Then comes the table of such tunnels, but not for a tunnel's own
packets, which bear a mark. While no such tunnel is up, that table is empty, and the default route counts.
"""

import errno
import socket
import struct
from collections.abc import Collection

from hadaemon.follow.routing import LAST_PRIORITY
from hadaemon.follow.table import TUNNEL_MARK, TUNNEL_TABLE
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute
from hadaemon.io.kernel.netlink_socket import ACK, CREATE, EXCLUSIVE, NetlinkSocket

_NEW_RULE, _DELETE_RULE = 32, 33
_RULE = struct.Struct("=BBBBBBBBI")
"""fib_rule_hdr: family, length of the destination, of the source, TOS, table, two reserved, action, flags."""
_PRIORITY, _MARK, _SUPPRESS, _TABLE, _MASK = 6, 10, 14, 15, 16
_TO_TABLE, _INVERT = 1, 2
_MAIN = 254
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_FIRST_PRIORITY = LAST_PRIORITY + 1
"""Behind the rule of HAProxy (72) and those of [[policy_routes]], before the main table."""
_GONE = (errno.ENOENT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP)
"""A kernel that knows no such rules has none."""


def put_tunnel_rules(wanted: Collection[int]) -> None:
    """They are there for these versions of IP, and for no other. Raises NetlinkError."""
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        for version in _FAMILIES:
            for body in tunnel_rules(version):
                _put(netlink, body, version in wanted, f"a rule of IPv{version} for tunnels")


def _put(netlink: NetlinkSocket, body: bytes, there: bool, what: str) -> None:
    try:
        if there:
            netlink.ask(f"add {what}", _NEW_RULE, ACK | CREATE | EXCLUSIVE, body)
        else:
            netlink.ask(f"remove {what}", _DELETE_RULE, ACK, body)
    except NetlinkError as error:
        if error.code not in ((errno.EEXIST,) if there else _GONE):
            raise


def tunnel_rules(version: int) -> tuple[bytes, bytes]:
    """The bodies of both, as they are added and removed."""
    near = _rule(version, _FIRST_PRIORITY, _MAIN, 0) + attribute(_SUPPRESS, struct.pack("=i", 0))
    unmarked = _rule(version, _FIRST_PRIORITY + 1, TUNNEL_TABLE, _INVERT)
    unmarked += _number(_MARK, TUNNEL_MARK) + _number(_MASK, 0xFFFFFFFF)
    return near, unmarked


def _rule(version: int, priority: int, table: int, flags: int) -> bytes:
    head = _RULE.pack(_FAMILIES[version], 0, 0, 0, table, 0, 0, _TO_TABLE, flags)
    return head + _number(_PRIORITY, priority) + _number(_TABLE, table)


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))
