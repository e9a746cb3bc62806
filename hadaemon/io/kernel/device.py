"""What is asked of a network card itself: to switch on or off, its speed, to blink, and any frame."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Final

from hadaemon.io.errors import NetlinkError, PortError
from hadaemon.io.kernel.attributes import attributes, nest, text
from hadaemon.io.kernel.netlink_socket import ACK, HEADER, NetlinkSocket

_NETLINK_GENERIC: Final = 16
_HEAD: Final = struct.Struct("=BBxx")
"""genlmsghdr: command, version."""
_CONTROL: Final = 0x10
_GET_FAMILY: Final = 3
_FAMILY_ID, _FAMILY_NAME = 1, 2
_VERSION: Final = 1
_LINK_MODES, _LINK_STATE = 4, 6
"""Commands: ETHTOOL_MSG_LINKMODES_GET, ETHTOOL_MSG_LINKSTATE_GET."""
_DEVICE, _DEVICE_NAME = 1, 2
_CONNECTED, _SPEED = 2, 5
"""Attributes of the answers to the two."""
_UNKNOWN: Final = (0, 0xFFFFFFFF)
_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_PHYS_ID: Final = 0x1C
_DELETE_LINK, _GET_LINK, _SET_LINK = 17, 18, 19
_LINK: Final = struct.Struct("=BxHiII")
"""ifinfomsg: family, type, index (0: the link is named), flags, which of them change."""
_NAME: Final = 3
_IFF_UP: Final = 0x1
_DATA: Final = struct.Struct("16sP16x")
_ETH_P_ALL: Final = 0x0003
_PROMISCUOUS: Final = 1
_PACKET_ADD_MEMBERSHIP: Final = 1
_SOL_PACKET: Final = 263
_BATCH: Final = 256
_RAW: Final = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


def switch_on(name: str) -> bool:
    """Sets a link administratively up. True: it was down. Raises NetlinkError."""
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        if _is_up(netlink, name):
            return False
        _switch(netlink, name, _IFF_UP)
        return True


def switch_off(name: str) -> None:
    """Sets a link administratively down. Raises NetlinkError."""
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        _switch(netlink, name, 0)


def remove_link(name: str) -> None:
    """Removes an interface that is not hardware. Raises NetlinkError."""
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        netlink.ask(f"remove {name}", _DELETE_LINK, ACK, _LINK.pack(0, 0, 0, 0, 0) + text(_NAME, name))


def speed(name: str) -> int | None:
    """Mbit/s; None: there is no such link, nothing is connected, or the driver does not say.

    By ethtool's part of generic netlink (Linux 5.6).
    """
    try:
        with NetlinkSocket(_NETLINK_GENERIC) as netlink:
            family = _number(
                _ask_ethtool(netlink, _CONTROL, _GET_FAMILY, text(_FAMILY_NAME, "ethtool")), _FAMILY_ID
            )
            device = nest(_DEVICE, text(_DEVICE_NAME, name))
            if not _number(_ask_ethtool(netlink, family, _LINK_STATE, device), _CONNECTED):
                return None
            found = _number(_ask_ethtool(netlink, family, _LINK_MODES, device), _SPEED)
    except NetlinkError:
        return None
    return found if found not in _UNKNOWN else None


def blink(name: str, seconds: int) -> None:
    """Has the port's light blink, and waits as long. Raises PortError where the driver cannot.

    By ioctl: ethtool's netlink has no such command.
    """
    command = ctypes.create_string_buffer(struct.pack("=II", _ETHTOOL_PHYS_ID, seconds))
    request = _DATA.pack(name.encode(), ctypes.addressof(command))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            fcntl.ioctl(sock, _SIOCETHTOOL, request)
        except OSError as error:
            raise _port_error(name, error) from error


class FrameSender:
    """Sends frames on any interface. It belongs to no protocol, so that nothing ever comes in."""

    def __init__(self) -> None:
        try:
            self._socket = socket.socket(socket.AF_PACKET, _RAW, 0)
        except OSError as error:
            raise PortError(f"packet socket: {os.strerror(error.errno or 0)}") from error

    def send(self, name: str, frame: bytes) -> None:
        """Sends one frame, or raises PortError."""
        try:
            self._socket.sendto(frame, (name, 0))
        except OSError as error:
            raise _port_error(name, error) from error

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class FrameSocket:
    """Every frame on one interface, in and out."""

    def __init__(self, name: str, index: int) -> None:
        self._socket = socket.socket(socket.AF_PACKET, _RAW, 0)
        try:
            self._socket.bind((name, _ETH_P_ALL))
            membership = struct.pack("iHH8s", index, _PROMISCUOUS, 0, bytes(8))
            self._socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        except OSError as error:
            self._socket.close()
            raise _port_error(name, error) from error

    def fileno(self) -> int:
        """Readable when frames wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket; the interface is as it was."""
        self._socket.close()

    def send(self, frame: bytes) -> None:
        """Sends one frame. A link that is down is no error: nobody is there."""
        with contextlib.suppress(OSError):
            self._socket.send(frame)

    def receive(self) -> Iterator[bytes]:
        """What others have sent, up to one batch."""
        for _ in range(_BATCH):
            try:
                frame, origin = self._socket.recvfrom(2048)
            except OSError:
                return
            if origin[2] != socket.PACKET_OUTGOING:
                yield frame


def _is_up(netlink: NetlinkSocket, name: str) -> bool:
    what = f"look at {name}"
    ((_, message),) = netlink.ask(what, _GET_LINK, ACK, _LINK.pack(0, 0, 0, 0, 0) + text(_NAME, name))
    return bool(_LINK.unpack_from(message, HEADER.size)[3] & _IFF_UP)


def _switch(netlink: NetlinkSocket, name: str, flags: int) -> None:
    what = f"switch {name} {'on' if flags else 'off'}"
    netlink.ask(what, _SET_LINK, ACK, _LINK.pack(0, 0, 0, flags, _IFF_UP) + text(_NAME, name))


def _ask_ethtool(netlink: NetlinkSocket, family: int, command: int, body: bytes) -> dict[int, bytes]:
    answers = netlink.ask("ethtool", family, ACK, _HEAD.pack(command, _VERSION) + body)
    return {
        kind: value
        for _, message in answers
        for kind, value in attributes(message[HEADER.size + _HEAD.size :]).items()
    }


def _number(found: dict[int, bytes], kind: int) -> int:
    """0: the kernel does not say."""
    return int.from_bytes(found.get(kind, b""), sys.byteorder)


def _port_error(name: str, error: OSError) -> PortError:
    return PortError(f"{name}: {os.strerror(error.errno or 0)}")
