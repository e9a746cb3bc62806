"""Lives in a network namespace, so that it exists, and opens sockets there for the process that made it.
Ends with its parent.

Run as a script: standard input is a Unix socket. One JSON value a message: an array [family, type, protocol],
and the answer carries the open socket; or the name of a new TAP interface, and it carries the other end.
"""

import contextlib
import fcntl
import json
import os
import socket
import struct

_TUNSETIFF = 0x400454CA
_IFF_TAP_NO_PI = 0x1002


def main() -> None:
    """Answers until the parent is gone."""
    with contextlib.suppress(ConnectionError), socket.socket(fileno=0) as parent:
        parent.sendall(b"ready")
        while request := parent.recv(4096):
            wanted = json.loads(request)
            opened = _open_tap(wanted) if isinstance(wanted, str) else socket.socket(*wanted).detach()
            socket.send_fds(parent, [b"opened"], [opened])
            os.close(opened)


def _open_tap(name: str) -> int:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP_NO_PI))
    return tap


if __name__ == "__main__":
    main()
