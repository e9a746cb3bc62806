"""The daemon out of a process that has loaded its modules already, and forks.

To load them takes half a second of a processor, three quarters of what most tests here cost. What runs is the
same: the same interpreter with the same options, its own arguments, environment, namespace and output.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .namespaces import Namespace

INTERPRETER = (sys.executable, "-P", "-X", "dev")
NOTHING: Mapping[str, str] = {}
_SERVER = Path(__file__).with_name("preloaded_server.py")


class Forked:
    """A process that is not our child; otherwise what `subprocess.Popen` is."""

    stdin = stdout = None

    def __init__(self, pid: int, ending: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end."""
        if self.returncode is None:
            if not select.select([self._ending], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("hadaemon", timeout or 0)
            status = os.read(self._ending, 16)
            os.close(self._ending)
            # Nothing: the server itself was killed, and this one with it.
            self.returncode = int(status) if status else -signal.SIGKILL
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Server:
    """The process that has loaded the modules."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*INTERPRETER, str(_SERVER)], stdin=theirs.fileno(), process_group=0
            )
        assert self._control.recv(16) == b"ready"

    def start(
        self, namespace: Namespace, arguments: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Forked:
        """Starts a daemon in a namespace, which ends it at the latest."""
        ending, theirs = os.pipe()
        network = os.open(f"/proc/{namespace.pid}/ns/net", os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        request = json.dumps([list(arguments), dict(environment)]).encode()
        try:
            with self._lock:
                socket.send_fds(self._control, [request], [network, output, theirs])
                pid = int(self._control.recv(16))
        finally:
            for descriptor in (network, output, theirs):
                os.close(descriptor)
        forked = Forked(pid, ending)
        namespace.adopt(forked)
        return forked

    def close(self) -> None:
        """Ends the server."""
        self._control.close()
        self._process.wait()


_servers: list[Server] = []


def start_daemon(
    namespace: Namespace, arguments: Sequence[str], log: Path, environment: Mapping[str, str] = NOTHING
) -> "Forked | subprocess.Popen[str]":
    """Starts one, with more in its environment: by the one server of this test process if that can be.

    Who adds modules of its own wants them loaded, and only root enters a namespace so.
    """
    if "PYTHONPATH" in environment or os.geteuid() != 0:
        return start_anew(namespace, arguments, log, environment)
    if not _servers:
        _servers.append(Server())
        atexit.register(_servers[0].close)
    return _servers[0].start(namespace, arguments, {**os.environ, **environment}, log)


def start_anew(
    namespace: Namespace, arguments: Sequence[str], log: Path, environment: Mapping[str, str] = NOTHING
) -> "subprocess.Popen[str]":
    """Starts one that loads its modules, as on a box."""
    variables = [f"{key}={value}" for key, value in environment.items()]
    return namespace.start("env", *variables, *INTERPRETER, "-m", "hadaemon", *arguments, log=log)
