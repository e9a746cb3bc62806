"""Lives in a network namespace, so that it exists, and opens sockets there for the process that made it.
Ends with its parent.

Run as a script: standard input is a Unix socket. One JSON array [family, type, protocol] a message; the
answer carries the open socket.
"""

import contextlib
import json
import socket


def main() -> None:
    """Answers until the parent is gone."""
    with contextlib.suppress(ConnectionError), socket.socket(fileno=0) as parent:
        parent.sendall(b"ready")
        while request := parent.recv(4096):
            with socket.socket(*json.loads(request)) as opened:
                socket.send_fds(parent, [b"socket"], [opened.fileno()])


if __name__ == "__main__":
    main()
