"""A service manager's socket with Accept=yes, for one service: a process a connection, on its standard input.

Run as a script: the socket's path, then the command.
"""

import os
import socket
import subprocess
import sys


def main() -> None:
    """Serves for ever; what it started ends with it."""
    path, *command = sys.argv[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)  # noqa: PTH101, S103 (a test's own folder; the service checks who asks)
        listener.listen()
        running: list[subprocess.Popen[bytes]] = []
        while True:
            connection, _ = listener.accept()
            with connection:
                running.append(
                    subprocess.Popen(
                        ["setpriv", "--pdeathsig", "KILL", "--", *command], stdin=connection.fileno()
                    )
                )
            running = [process for process in running if process.poll() is None]


main()
