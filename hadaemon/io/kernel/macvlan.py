"""A macvlan interface as rtnetlink wants it: a MAC address of its own on a port's network card."""

import socket
import struct

from hadaemon.io.kernel.attributes import attribute, nest, text

_HEADER = struct.Struct("=BxHiII")
"""struct ifinfomsg."""
_IFF_UP = 1
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINK, _IFLA_LINKINFO, _IFLA_AF_SPEC, _IFLA_GROUP = 1, 3, 5, 18, 26, 27
_INFO_KIND, _INFO_DATA = 1, 2
_MACVLAN_MODE, _BRIDGE = 1, 4
_INET6_ADDR_GEN_MODE, _NONE = 8, b"\x01"


def new_macvlan(parent: int, name: str, mac: str) -> bytes:
    """The body of RTM_NEWLINK: down, and in mode bridge. Any other mode hides from the port what comes from
    the macvlan's own MAC address, which is where another router's advertisements come from (RFC 9568
    §7.2)."""
    data = nest(_INFO_DATA, attribute(_MACVLAN_MODE, struct.pack("=I", _BRIDGE)))
    return b"".join(
        (
            _HEADER.pack(socket.AF_UNSPEC, 0, 0, 0, 0),
            text(_IFLA_IFNAME, name),
            attribute(_IFLA_LINK, struct.pack("=I", parent)),
            attribute(_IFLA_ADDRESS, bytes.fromhex(mac.replace(":", ""))),
            nest(_IFLA_LINKINFO, text(_INFO_KIND, "macvlan"), data),
        )
    )


def no_own_addresses(index: int) -> bytes:
    """The body of RTM_SETLINK: the kernel adds no link-local address, which the other node would have too."""
    mode = nest(socket.AF_INET6, attribute(_INET6_ADDR_GEN_MODE, _NONE))
    return _HEADER.pack(socket.AF_UNSPEC, 0, index, 0, 0) + nest(_IFLA_AF_SPEC, mode)


def link_up(index: int) -> bytes:
    """The body of RTM_SETLINK."""
    return _HEADER.pack(socket.AF_UNSPEC, 0, index, _IFF_UP, _IFF_UP)


def link_in_group(index: int, up: bool | None, group: int) -> bytes:
    """The body of RTM_SETLINK. `up`: None leaves the link as it is."""
    head = _HEADER.pack(socket.AF_UNSPEC, 0, index, _IFF_UP if up else 0, 0 if up is None else _IFF_UP)
    return head + attribute(_IFLA_GROUP, struct.pack("=I", group))


def delete_link(index: int) -> bytes:
    """The body of RTM_DELLINK."""
    return _HEADER.pack(socket.AF_UNSPEC, 0, index, 0, 0)
