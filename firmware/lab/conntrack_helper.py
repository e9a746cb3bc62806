"""In a namespace, what the root helper and the service manager do for a node's conntrackd."""

import socket
import subprocess
import threading
from pathlib import Path

from firmware.lab.namespaces import Namespace

_END = 5.0
_LOOK = 0.02
"""Seconds between two looks for the configuration."""


class ConntrackHelper:
    """Starts conntrackd when its configuration comes, as the service manager does. Listens as the helper
    does, and restarts and stops it as the daemon asks."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        """`folder`: of the node, with `run` for its daemon's files in it."""
        self._namespace, self._folder = namespace, folder
        self._own = folder / "conntrackd"
        self._own.mkdir()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(folder / "helper.sock"))
        self._listening.listen()
        self._closed, self._at_work = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=work) for work in (self._serve, self._await)]
        self.conntrackd: subprocess.Popen[str] | None = None
        self.verbs: list[str] = []
        self.program = "conntrackd"
        self.refusal = ""
        """Why nothing is started, in the helper's words; empty: it is."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stops conntrackd, and listens no more."""
        self._closed.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_END)
        self._listening.close()
        self.stop()

    def start(self) -> None:
        """Starts conntrackd."""
        command = [self.program, "-C", str(self._configuration)]
        self.conntrackd = self._namespace.start(*command, log=self._folder / "conntrackd.log")

    def stop(self) -> None:
        """It ends, and what it leaves behind goes."""
        if self.conntrackd is not None:
            self.conntrackd.kill()
            self.conntrackd.wait(_END)
        for name in ("control.sock", "lock"):
            (self._own / name).unlink(missing_ok=True)

    @property
    def _configuration(self) -> Path:
        return self._folder / "run" / "conntrackd.conf"

    def _await(self) -> None:
        there = False
        while not self._closed.wait(_LOOK):
            before, there = there, self._configuration.exists()
            if there and not before and not self.refusal:
                with self._at_work:
                    self.stop()
                    self.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                verb = connection.makefile("r").readline().strip()
                self.verbs.append(verb)
                with self._at_work:
                    self.stop()
                    if verb == "conntrackd-restart" and not self.refusal:
                        self.start()
                connection.sendall(f"error {self.refusal}\n".encode() if self.refusal else b"ok\n")
