"""What systemd and the root helper of the services do for the daemon, as far as the tests need it.

The helper is the real one; only the systemctl that it calls is of these tests. Units with a command are
processes in the node's namespace.
"""

import json
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from hadaemon.helper.services import ServicePlaces, Services, serve
from hadaemon.io.kernel.links import Link, LinkTable

from .pair import TestNode
from .waiting import stretched

Command = Callable[[TestNode, Path], Sequence[str]]
"""How a unit is started, from the node and the folder of its files."""


class Unit:
    """One unit. Without a command it has no process, and runs until it is stopped."""

    def __init__(self, node: TestNode, files: Path, command: Command | None) -> None:
        self._node, self._files, self._command = node, files, command
        self.running = False
        self.life = 0
        self.stubborn = False
        """It does not stop when it is asked to."""
        self.stopping = False
        self.killed = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self.running:
            return
        self.running, self.stopping = True, False
        self.life += 1
        if self._command is not None:
            command = self._command(self._node, self._files)
            self._process = self._node.namespace.start(*command, log=self._node.folder / "unit.log")

    def stop(self) -> None:
        if self.stubborn and self.running:
            self.stopping = True
        else:
            self.end(signal.SIGTERM)

    def kill(self) -> None:
        self.killed += 1
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> None:
        """It is gone, by itself or not."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(stretched(10))
        self.running = self.stopping = False

    @property
    def active_state(self) -> str:
        if self._process is not None and self._process.poll() is not None:
            self.running, self._process = False, None
            return "failed"
        return "deactivating" if self.stopping else "active" if self.running else "inactive"


class Manager:
    """The service manager of a node, and the socket of its helper."""

    def __init__(self, node: TestNode, units: dict[str, Command | None]) -> None:
        state, files = node.state_folder, node.folder / "services"
        (node.folder / "units").mkdir()
        (node.folder / "followable").mkdir()
        (node.folder / "followable/site").write_text("\n".join((*units, "nothing.service")))
        self._places = ServicePlaces(state, files, node.folder / "units", node.folder / "followable")
        self._node = node
        self._lock = threading.Lock()
        self.units = {name: Unit(node, files, command) for name, command in units.items()}
        self.reloads = 0
        self.orders: list[tuple[str, str]] = []
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(node.folder / "services.sock"))
        self._listening.listen()
        self._served: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        """After the daemon's end."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(stretched(5))
        self._listening.close()
        for thread in self._served:
            thread.join(stretched(15))
        for unit in self.units.values():
            unit.end(signal.SIGKILL)
        for folder in (self._places.units, self._places.followable):
            shutil.rmtree(folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._served.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            serve(connection, Services(self._places, self.systemctl, self._links))

    def _links(self) -> LinkTable:
        shown = json.loads(self._node.namespace.run("ip", "-j", "link"))
        found = ((each["ifindex"], each["ifname"], each.get("address", "")) for each in shown)
        return LinkTable(Link(index, name, mac, "", "", carrier=True) for index, name, mac in found)

    def running(self) -> set[str]:
        """Which units run now."""
        return {name for name, unit in self.units.items() if unit.running}

    def systemctl(self, verb: str, *arguments: str, check: bool = True) -> str:
        """What systemctl would do and say."""
        names = [each for each in arguments if not each.startswith("-")]
        with self._lock:
            match verb:
                case "show":
                    return "\n\n".join(self._shown(name) for name in names) + "\n"
                case "daemon-reload":
                    self.reloads += 1
                case "reset-failed":
                    pass
                case _:
                    for name in names:
                        self._order(verb, name)
        return ""

    def _order(self, verb: str, name: str) -> None:
        self.orders.append((verb, name))
        unit = self.units.get(name)
        if unit is None:
            return
        match verb:
            case "start":
                unit.start()
            case "stop":
                unit.stop()
            case "kill":
                unit.kill()
            case "reload-or-restart":
                unit.stop()
                unit.start()

    def _shown(self, name: str) -> str:
        unit = self.units.get(name)
        if unit is None:
            return "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nInvocationID="
        state = unit.active_state
        result = "exit-code" if state == "failed" else "success"
        return f"LoadState=loaded\nActiveState={state}\nSubState=x\nResult={result}\nInvocationID={unit.life}"
