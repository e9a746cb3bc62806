"""In a namespace, what the root helper and the service manager do for a node's conntrackd."""

import socket
import subprocess
import threading
from pathlib import Path

from firmware.lab.namespaces import Namespace

_END = 5.0


class ConntrackHelper:
    """Listens as the helper does; starts, restarts and stops conntrackd as the daemon asks."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        """`folder`: of the node, with `run` for its daemon's files in it."""
        self._namespace, self._folder = namespace, folder
        self._own = folder / "conntrackd"
        self._own.mkdir()
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(folder / "helper.sock"))
        self._listening.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.conntrackd: subprocess.Popen[str] | None = None
        self.verbs: list[str] = []
        self.program = "conntrackd"
        self.refusal = ""
        """Why nothing is started, in the helper's words; empty: it is."""

    def close(self) -> None:
        """Stops conntrackd, and listens no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(_END)
        self._listening.close()
        self.stop()

    def start(self) -> None:
        """Starts conntrackd."""
        command = [self.program, "-C", str(self._folder / "run" / "conntrackd.conf")]
        self.conntrackd = self._namespace.start(*command, log=self._folder / "conntrackd.log")

    def stop(self) -> None:
        """It ends, and what it leaves behind goes."""
        if self.conntrackd is not None:
            self.conntrackd.kill()
            self.conntrackd.wait(_END)
        for name in ("control.sock", "lock"):
            (self._own / name).unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                verb = connection.makefile("r").readline().strip()
                self.verbs.append(verb)
                self.stop()
                if verb == "conntrackd-restart" and not self.refusal:
                    self.start()
                connection.sendall(f"error {self.refusal}\n".encode() if self.refusal else b"ok\n")
