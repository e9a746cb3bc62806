"""rtnetlink: facts about links and addresses, and adding and removing virtual addresses.

pyroute2 encodes and decodes; the sockets are plain and do not block the loop.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterable
from ipaddress import ip_interface
from typing import Any, TypeAlias

from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.links import (
    VIRTUAL_ADDRESS_PROTOCOL,
    Address,
    AddressAdded,
    AddressRemoved,
    Fact,
    Link,
    LinkGone,
    LinkState,
    LinkTable,
)
from hadaemon.io.kernel.macvlan import delete_link, link_in_group, link_up, new_macvlan, no_own_addresses
from hadaemon.io.kernel.netlink_socket import (
    ACK,
    CREATE,
    DUMP,
    EXCLUSIVE,
    HEADER,
    NetlinkSocket,
    messages,
    open_netlink,
)
from hadaemon.io.kernel.parts import parts_of
from hadaemon.vrrp import IPInterface

# The whole library: measured, 10 MB and 70 ms more.
with parts_of("pyroute2"):
    from pyroute2.netlink.rtnl import (
        RTM_DELADDR,
        RTM_DELLINK,
        RTM_GETADDR,
        RTM_GETLINK,
        RTM_NEWADDR,
        RTM_NEWLINK,
        RTM_SETLINK,
        RTMGRP_IPV4_IFADDR,
        RTMGRP_IPV6_IFADDR,
        RTMGRP_LINK,
    )
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

_Message: TypeAlias = Any
"""A pyroute2 message: the library has no types."""

_IFF_UP, _IFF_LOWER_UP = 0x1, 0x10000
_SKIP_STATISTICS = 8
"""RTEXT_FILTER_SKIP_STATS: counters are half of a link message, and nobody reads them here."""
_DOMAINS = {4: socket.AF_INET, 6: socket.AF_INET6}
_NO_DUPLICATE_DETECTION = 0x02
"""IFA_F_NODAD: a virtual address serves at once, and is ours by election."""
_FOREVER = (1 << 32) - 1
_DEPRECATED = {"ifa_preferred": 0, "ifa_valid": _FOREVER}
"""So that connections of the node itself do not come from a virtual address while it has an own one
(RFC 6724 §5)."""
_SO_RCVBUFFORCE = 33
"""Missing in the standard library. With CAP_NET_ADMIN, a buffer may be larger than the system allows
everybody."""
_MONITOR_BUFFER = 4 << 20
"""Bytes, which the kernel doubles. Measured, a message about a link counts as 2.4 kB, and a link with an
address makes four when it goes and comes back: 64 ports with four VLANs each may do so twice while nobody
reads (6 MB). Only what waits takes memory."""
_READ = 1 << 17
_INTERFACE = struct.Struct("=BxHiII")
"""ifinfomsg: family, type, index, flags, changed flags."""


class Overrun(Exception):
    """Messages were lost, and those that remained have been read: forget what is known and list everything
    again."""


class Netlink:
    """A request socket and a monitor, subscribed before the first list so that nothing is missed."""

    def __init__(self) -> None:
        self._requests = NetlinkSocket(socket.NETLINK_ROUTE)
        self._monitor = _open(groups=RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
        _enlarge(self._monitor)

    def close(self) -> None:
        """Closes both sockets."""
        self._requests.close()
        self._monitor.close()

    def fileno(self) -> int:
        """The monitor: readable when there are changes."""
        return self._monitor.fileno()

    def list_all(self) -> list[Fact]:
        """Every link and every address."""
        addresses = ifaddrmsg()
        addresses["family"] = socket.AF_UNSPEC
        facts = self._ask("list links", RTM_GETLINK, DUMP, _all_links())
        return facts + self._ask("list addresses", RTM_GETADDR, DUMP, addresses)

    def list_states(self) -> dict[int, LinkState]:
        """The state of every link, by its index. Cheap: nothing else is decoded.

        Raises NetlinkError.
        """
        message = _all_links()
        message.encode()
        payload = bytes(message.data)[HEADER.size :]
        answers = self._requests.ask("list the states of links", RTM_GETLINK, DUMP, payload)
        return dict(_link_state(body) for kind, body in answers if kind == RTM_NEWLINK)

    def changes(self) -> list[Fact]:
        """What changed since the last call. Raises Overrun when the kernel had to drop messages, and
        NetlinkError.

        The kernel drops silently from the first message that it could not deliver until the socket is empty:
        what waits is older than what was lost, and only a list that is made after the last of it is true.
        """
        facts: list[Fact] = []
        lost = False
        while True:
            try:
                data = self._monitor.recv(_READ)
            except BlockingIOError:
                if lost:
                    raise Overrun from None
                return facts
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    code = error.errno or 0
                    raise NetlinkError("read netlink changes", code, os.strerror(code)) from error
                lost = True
            else:
                if not lost:
                    facts += _facts(messages(data))

    def add_address(self, index: int, interface: IPInterface) -> None:
        """Puts a virtual address on a link. One that is there already is left as it is."""
        message = _address_message(index, interface)
        message["attrs"].append(("IFA_PROTO", VIRTUAL_ADDRESS_PROTOCOL))
        if interface.version == 6:
            message["flags"] = _NO_DUPLICATE_DETECTION
            message["attrs"].append(("IFA_CACHEINFO", _DEPRECATED))
        try:
            self._ask(f"add address {interface}", RTM_NEWADDR, ACK | CREATE | EXCLUSIVE, message)
        except NetlinkError as error:
            if error.code != errno.EEXIST:
                raise

    def remove_address(self, index: int, interface: IPInterface) -> None:
        """Takes an address from a link. One that is gone already, or with its link, is no error."""
        try:
            self._ask(f"remove address {interface}", RTM_DELADDR, ACK, _address_message(index, interface))
        except NetlinkError as error:
            if error.code not in (errno.EADDRNOTAVAIL, errno.ENODEV):
                raise

    def add_macvlan(self, parent: int, name: str, mac: str) -> None:
        """Makes a macvlan on a link, down, without any address."""
        body = new_macvlan(parent, name, mac)
        self._requests.ask(f"add {name}", RTM_NEWLINK, ACK | CREATE | EXCLUSIVE, body)

    def start_macvlan(self, index: int, name: str) -> None:
        """Takes it up. It has no addresses but those that are put on it."""
        try:
            self._requests.ask(f"set up {name}", RTM_SETLINK, ACK, no_own_addresses(index))
        except NetlinkError as error:
            if error.code != errno.EAFNOSUPPORT:  # A kernel without IPv6.
                raise
        self._requests.ask(f"set up {name}", RTM_SETLINK, ACK, link_up(index))

    def put_link(self, index: int, name: str, up: bool | None, group: int) -> None:
        """Takes a link up or down (None: leaves it as it is), and puts it into a group."""
        what = f"set {name} {'up' if up else 'down'}" if up is not None else f"set the group of {name}"
        self._requests.ask(what, RTM_SETLINK, ACK, link_in_group(index, up, group))

    def remove_link(self, index: int, name: str) -> None:
        """Removes a link of our own. One that is gone already is no error."""
        try:
            self._requests.ask(f"remove {name}", RTM_DELLINK, ACK, delete_link(index))
        except NetlinkError as error:
            if error.code != errno.ENODEV:
                raise

    def _ask(self, what: str, kind: int, flags: int, message: _Message) -> list[Fact]:
        message.encode()
        return _facts(self._requests.ask(what, kind, flags, bytes(message.data)[HEADER.size :]))


def read_links() -> LinkTable:
    """Every link and address of this node, now. Raises NetlinkError."""
    netlink = Netlink()
    try:
        return LinkTable(netlink.list_all())
    finally:
        netlink.close()


def _open(groups: int) -> socket.socket:
    return open_netlink(socket.NETLINK_ROUTE, groups)


def _enlarge(sock: socket.socket) -> None:
    """Enlarges the buffer; without the right to force it, as far as the system allows."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _MONITOR_BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _MONITOR_BUFFER)


def _all_links() -> _Message:
    message = ifinfmsg()
    message["attrs"].append(("IFLA_EXT_MASK", _SKIP_STATISTICS))
    return message


def _address_message(index: int, interface: IPInterface) -> _Message:
    message = ifaddrmsg()
    message["family"] = _DOMAINS[interface.version]
    message["prefixlen"] = interface.network.prefixlen
    message["index"] = index
    message["attrs"] = [("IFA_LOCAL", str(interface.ip)), ("IFA_ADDRESS", str(interface.ip))]
    return message


def _facts(answers: Iterable[tuple[int, bytes]]) -> list[Fact]:
    return [fact for kind, body in answers if (fact := _fact(kind, body)) is not None]


def _fact(kind: int, body: bytes) -> Fact | None:
    if kind in (RTM_NEWLINK, RTM_DELLINK):
        return _link_fact(kind, _decoded(ifinfmsg, body))
    if kind in (RTM_NEWADDR, RTM_DELADDR):
        return _address_fact(kind, _decoded(ifaddrmsg, body))
    return None


def _decoded(codec: type[_Message], body: bytes) -> _Message:
    message = codec(body)
    message.decode()
    return message


def _link_fact(kind: int, message: _Message) -> Fact | None:
    # AF_BRIDGE repeats links as ports of a bridge, and its DELLINK only means: left the bridge.
    if message["family"] != socket.AF_UNSPEC:
        return None
    if kind == RTM_DELLINK:
        return LinkGone(message["index"])
    information = message.get_attr("IFLA_LINKINFO")
    state = _state(message["flags"])
    return Link(
        index=message["index"],
        name=message.get_attr("IFLA_IFNAME") or "",
        mac=message.get_attr("IFLA_ADDRESS") or "",
        permanent_mac=message.get_attr("IFLA_PERM_ADDRESS") or "",
        kind=(information.get_attr("IFLA_INFO_KIND") or "") if information else "",
        carrier=state.carrier,
        parent=message.get_attr("IFLA_LINK") or 0,
        vlan=_vlan(information),
        up=state.up,
        group=message.get_attr("IFLA_GROUP") or 0,
    )


def _link_state(body: bytes) -> tuple[int, LinkState]:
    """Index and state, from the fixed part of a message about a link."""
    _, _, index, flags, _ = _INTERFACE.unpack_from(body, HEADER.size)
    return index, _state(flags)


def _state(flags: int) -> LinkState:
    up = bool(flags & _IFF_UP)
    return LinkState(up, carrier=up and bool(flags & _IFF_LOWER_UP))


def _vlan(information: _Message) -> int | None:
    """The tag of an 802.1Q sub-interface."""
    if not information or information.get_attr("IFLA_INFO_KIND") != "vlan":
        return None
    data = information.get_attr("IFLA_INFO_DATA")
    tag = data.get_attr("IFLA_VLAN_ID") if data else None
    return tag if isinstance(tag, int) else None


def _address_fact(kind: int, message: _Message) -> Fact | None:
    local = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    if message["family"] not in _DOMAINS.values() or not local:
        return None
    interface = ip_interface((local, message["prefixlen"]))
    if kind == RTM_DELADDR:
        return AddressRemoved(message["index"], interface)
    return AddressAdded(message["index"], Address(interface, message.get_attr("IFA_PROTO") or 0))
