"""What is asked of a network card itself: switch it on or off, its speed, and to blink."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hadaemon.io.errors import PortError

_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_PHYS_ID: Final = 0x1C
_IFF_UP: Final = 0x1
_FLAGS: Final = struct.Struct("16sh14x")
_DATA: Final = struct.Struct("16sP16x")
_ETH_P_ALL: Final = 0x0003
_PROMISCUOUS: Final = 1
_PACKET_ADD_MEMBERSHIP: Final = 1
_SOL_PACKET: Final = 263
_BATCH: Final = 256
_RAW: Final = socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_SYS: Final = Path("/sys/class/net")


def switch_on(name: str) -> bool:
    """Sets a link administratively up. True: it was down."""
    with _control() as sock:
        flags = _flags(sock, name)
        if flags & _IFF_UP:
            return False
        _ioctl(sock, name, _SIOCSIFFLAGS, _FLAGS.pack(name.encode(), flags | _IFF_UP))
        return True


def switch_off(name: str) -> None:
    """Sets a link administratively down."""
    with _control() as sock:
        flags = _flags(sock, name)
        _ioctl(sock, name, _SIOCSIFFLAGS, _FLAGS.pack(name.encode(), flags & ~_IFF_UP))


def speed(name: str) -> int | None:
    """Mbit/s; None: there is no link, or the driver does not tell."""
    try:
        found = int((_SYS / name / "speed").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return found if found > 0 else None


def blink(name: str, seconds: int) -> None:
    """Has the port's light blink, and waits as long. Raises PortError where the driver cannot."""
    command = ctypes.create_string_buffer(struct.pack("=II", _ETHTOOL_PHYS_ID, seconds))
    with _control() as sock:
        _ioctl(sock, name, _SIOCETHTOOL, _DATA.pack(name.encode(), ctypes.addressof(command)))


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


def _control() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)


def _flags(sock: socket.socket, name: str) -> int:
    answer = _ioctl(sock, name, _SIOCGIFFLAGS, _FLAGS.pack(name.encode(), 0))
    return int(_FLAGS.unpack(answer)[1])


def _ioctl(sock: socket.socket, name: str, request: int, argument: bytes) -> bytes:
    try:
        return fcntl.ioctl(sock, request, argument)
    except OSError as error:
        raise _port_error(name, error) from error


def _port_error(name: str, error: OSError) -> PortError:
    return PortError(f"{name}: {os.strerror(error.errno or 0)}")
