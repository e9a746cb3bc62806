"""What the peer's SSH connection gets in place of a shell: both directions copied to the keeper's socket.

Runs as the user of the synchronization, who may read nothing of the node's state. The standard library alone.
"""

import os
import select
import socket
import sys

SOCKET = "/run/hotspare/keeper.sock"
_CHUNK = 1 << 16


def main() -> int:
    """Arguments are ignored: whatever the peer asks for, it talks to the keeper. 1: there is no keeper."""
    path = os.environ.get("HOTSPARE_KEEPER", SOCKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as keeper:
        try:
            keeper.connect(path)
        except OSError as error:
            print(f"{path}: {os.strerror(error.errno or 0)}", file=sys.stderr)
            return 1
        _copy(keeper)
    return 0


def _copy(keeper: socket.socket) -> None:
    """Until one side is done."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(keeper, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            try:
                data = os.read(descriptor, _CHUNK)
                if descriptor == 0:
                    if data:
                        keeper.sendall(data)
                    else:
                        keeper.shutdown(socket.SHUT_WR)
                        poll.unregister(0)
                elif not data:
                    return
                else:
                    _write_all(data)
            except OSError:
                return


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    sys.exit(main())
