"""What systemd does for the daemon, as far as the tests need it: readiness, watchdog, clean-up, restart."""

import contextlib
import signal
import socket
import threading
import time
from pathlib import Path

from .pair import DROP_ADDRESSES, TestNode
from .waiting import stretched

WATCHDOG = 1.0
"""Seconds within which the daemon has to give a sign of life; in the image it is three times that."""


class ServiceManager:
    """Starts a node's daemon. One that does not feed the watchdog: SIGKILL, ExecStopPost, and a new start."""

    def __init__(self, node: TestNode) -> None:
        self._node = node
        self._path: Path = node.folder / "notify.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._socket.settimeout(0.05)
        self._fed = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.ready = False
        self.statuses: list[str] = []
        self.restarts = 0
        node.environment |= {
            "NOTIFY_SOCKET": str(self._path),
            "WATCHDOG_USEC": str(int(stretched(WATCHDOG) * 1e6)),
        }

    def __enter__(self) -> "ServiceManager":
        self._start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(stretched(10))
        self._socket.close()

    def _start(self) -> None:
        self._node.start()
        self._fed = time.monotonic() + stretched(10)  # The watchdog begins with READY=1.

    def _watch(self) -> None:
        while not self._end.is_set():
            with contextlib.suppress(TimeoutError):
                self._take(self._socket.recv(4096).decode())
            if time.monotonic() - self._fed > stretched(WATCHDOG):
                self._node.signal(signal.SIGKILL)
                self._node.wait_end()
                self._node.namespace.run(*DROP_ADDRESSES)
                self.restarts += 1
                self._start()

    def _take(self, text: str) -> None:
        if text in ("READY=1", "WATCHDOG=1"):
            self._fed = time.monotonic()
            self.ready = True
        if text.startswith("STATUS="):
            self.statuses.append(text.removeprefix("STATUS="))
