"""The sockets of the hotwire: bound to its device and address, so that nothing enters from elsewhere."""

import contextlib
import fcntl
import os
import socket
import struct
import termios
from array import array
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

from hadaemon.hotwire.exclusive import HEARTBEAT_PORT, STREAM_PORT
from hadaemon.hotwire.message import MAX_SIZE
from hadaemon.io.errors import PortError

_SO_BINDTOIFINDEX: Final = 62
_TC_PRIO_CONTROL: Final = 7
_ALL_HOSTS: Final = "224.0.0.1"
"""All hosts of the link, which no router passes on (RFC 1112 §4): for a peer whose address is not known."""
BATCH: Final = 64
"""Datagrams read per call: a flood cannot keep the loop from its timers."""
_BACKLOG: Final = 4
_PROBE: Final = 1
"""Seconds of silence after which a connection is probed, and seconds between two probes."""
_PROBES: Final = 3


class HeartbeatSocket:
    """Datagrams to and from the peer; without a known address to whoever is at the other end of the cable."""

    def __init__(self, index: int, own: IPv4Address, peer: IPv4Address | None) -> None:
        self._last = "", IPv4Address(0)
        """The source of the last datagram, as text and as an address."""
        self._destination = (_ALL_HOSTS if peer is None else str(peer), HEARTBEAT_PORT)
        self._socket = _bound(index, socket.SOCK_DGRAM, own if peer is not None else None, HEARTBEAT_PORT)
        membership = struct.pack("=4s4si", bytes(4), own.packed, index)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, _TC_PRIO_CONTROL)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        except OSError as error:
            self._socket.close()
            raise _port_error("heartbeat", error) from error

    def fileno(self) -> int:
        """Readable when datagrams wait."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Sends one datagram. Raises PortError."""
        try:
            self._socket.sendto(data, self._destination)
        except OSError as error:
            raise _port_error("heartbeat", error) from error

    def receive(self, count: int) -> Iterator[tuple[bytes, IPv4Address]]:
        """What has arrived, up to so many, each with its source."""
        for _ in range(count):
            try:
                data, (source, _) = self._socket.recvfrom(MAX_SIZE + 1)
            except OSError:
                return  # Nothing more, or a port that went down: netlink tells.
            if source != self._last[0]:
                self._last = source, IPv4Address(source)
            yield data, self._last[1]


class Listener:
    """Takes the peer's connection."""

    def __init__(self, index: int, own: IPv4Address) -> None:
        self._socket = _bound(index, socket.SOCK_STREAM, own, STREAM_PORT)
        try:
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self._socket.close()
            raise _port_error("connection", error) from error

    def fileno(self) -> int:
        """Readable when somebody has connected."""
        return self._socket.fileno()

    def close(self) -> None:
        """Takes no more connections."""
        self._socket.close()

    def accept(self) -> tuple["Connection", IPv4Address] | None:
        """The next connection and where it comes from; None: there is none."""
        try:
            accepted, (source, _) = self._socket.accept()
        except OSError:
            return None
        accepted.setblocking(False)
        return Connection(accepted), IPv4Address(source)


class Broken(Exception):
    """The connection is of no use any more; that says nothing about the other end."""


class Connection:
    """A connection to the peer's daemon."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        # One end may vanish without being able to say so, for example with its network card: probes find out.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
            connected.setsockopt(socket.IPPROTO_TCP, option, _PROBE)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)

    @classmethod
    def open(cls, index: int, own: IPv4Address, peer: IPv4Address) -> "Connection":
        """Begins to connect: it is open once the socket is writable and `check` says nothing.

        Raises PortError.
        """
        opened = _bound(index, socket.SOCK_STREAM, own, 0)
        try:
            with contextlib.suppress(BlockingIOError):
                opened.connect((str(peer), STREAM_PORT))
        except OSError as error:
            opened.close()
            raise _port_error("connection", error) from error
        return cls(opened)

    def fileno(self) -> int:
        """For the loop."""
        return self._socket.fileno()

    def close(self) -> None:
        """Closes it: the other end sees its end."""
        self._socket.close()

    def check(self) -> None:
        """Raises Broken when it could not be opened."""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise Broken(os.strerror(code))

    @property
    def idle(self) -> bool:
        """The other end has received everything that was sent."""
        waiting = array("i", [0])
        try:
            fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, waiting)
        except OSError:
            return False
        return waiting[0] == 0

    def send(self, data: bytes) -> None:
        """All or nothing: what is sent here is far smaller than any buffer."""
        try:
            sent = self._socket.send(data, socket.MSG_NOSIGNAL)
        except OSError as error:
            raise Broken(str(error)) from error
        if sent != len(data):
            raise Broken("the other end does not read")

    def receive(self) -> bytes | None:
        """What has come; empty: the other end closed it; None: nothing yet."""
        try:
            return self._socket.recv(4 * MAX_SIZE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Broken(str(error)) from error


def _bound(index: int, kind: int, own: IPv4Address | None, port: int) -> socket.socket:
    """A socket of one device; without `own` also for what is sent to all hosts."""
    opened = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_BINDTOIFINDEX, index)
        if kind == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        opened.bind(("" if own is None else str(own), port))
    except OSError as error:
        opened.close()
        raise _port_error(f"port {port}", error) from error
    return opened


def _port_error(what: str, error: OSError) -> PortError:
    return PortError(f"hotwire {what}: {os.strerror(error.errno) if error.errno else error}")
