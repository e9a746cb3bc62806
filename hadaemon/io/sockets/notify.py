"""The service manager: readiness, status line and watchdog by sd_notify(3), over NOTIFY_SOCKET."""

import os
import socket
from collections.abc import Mapping

MICROSECONDS = 1_000_000


class ServiceManager:
    """Says nothing where there is no service manager. A lost notification is no reason to fail."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        own = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "0") if own else "0"
        self.watchdog = int(microseconds) / MICROSECONDS if microseconds.isdecimal() else 0.0
        """Seconds within which `ping` is due; 0: nobody watches."""

    def ready(self) -> None:
        """The daemon does its work now."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._send("STOPPING=1")

    def status(self, line: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={line}")

    def ping(self) -> None:
        """The watchdog: the daemon is healthy."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
                sock.sendto(text.encode(), self._address)
        except OSError:
            return
