"""What the whole pair looks like right now: each node's own word, and what a client on the LAN sees.

One thread a node asks it for its status. A question costs an emulated processor a good part of a second,
so the pause between two questions grows with the time that the answer took.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from firmware.lab.client import Watch
from firmware.lab.errors import LabError
from firmware.lab.node import Node

PAUSE_SECONDS = 1.0
PAUSE_FACTOR = 4.0
"""A node spends at most a fifth of its time on answering."""
OFF = "powered-off"
BOOTING = "booting"
NO_ANSWER = "silent"
"""There is a shell, but hadaemon does not answer."""
STATES = ("active", "backup", "fault", "maintenance", "off", OFF, BOOTING, NO_ANSWER)


@dataclass(frozen=True, slots=True)
class NodeView:
    """What is known of one node."""

    name: str
    state: str
    """One of STATES: the node's own word, or what we see when it says none."""
    role: str = ""
    reason: str = ""
    pulled: tuple[str, ...] = ()
    """Ports without a cable."""
    doing: str = ""
    """What it is at while it boots."""

    def __str__(self) -> str:
        """A few words for the status line."""
        role = f" ({self.role})" if self.role else ""
        doing = f", {self.doing}" if self.doing else ""
        pulled = f" [pulled: {', '.join(self.pulled)}]" if self.pulled else ""
        return f"{self.name}: {self.state}{doing}{role}{pulled}"


def first_view(node: Node) -> NodeView:
    """What is known of a node before it was asked."""
    if node.logged_in:
        return NodeView(node.name, NO_ANSWER)
    return NodeView(node.name, BOOTING, doing=node.doing) if node.running else NodeView(node.name, OFF)


def look_at(node: Node) -> NodeView:
    """Asks a node how it is; never waits for long, never raises."""
    pulled = tuple(sorted(node.pulled))
    if not node.running:
        return NodeView(node.name, OFF, pulled=pulled)
    try:
        if not node.advance_login():
            return NodeView(node.name, BOOTING, pulled=pulled, doing=node.doing)
        status = node.status()["status"]
    except LabError:
        return NodeView(node.name, NO_ANSWER, pulled=pulled)
    role = str(status.get("role") or "")
    return NodeView(node.name, str(status.get("state")), role, str(status.get("reason", "")), pulled)


class Board:
    """The live view of a lab."""

    def __init__(self, nodes: Iterable[Node], watch: Watch, on_change: Callable[[str], None]) -> None:
        """Starts looking; `on_change` is called, from several threads, with every new status line."""
        self._nodes = tuple(nodes)
        self._watch = watch
        self._on_change = on_change
        self._views = {node.name: first_view(node) for node in self._nodes}
        self._line = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(node,), name=f"board-{node.name}", daemon=True)
            for node in self._nodes
        ]
        self._threads.append(threading.Thread(target=self._follow_owner, name="board-owner", daemon=True))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stops looking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def view(self, node: str) -> NodeView:
        """The last look at a node."""
        return self._views[node]

    @property
    def owner(self) -> str | None:
        """The node that answers for the virtual address."""
        mac = self._watch.owner
        for node in self._nodes:
            if mac in {port.mac for port in node.data.ports}:
                return node.name
        return mac

    @property
    def ready(self) -> bool:
        """One node is active and answers for the virtual address, every other one is its backup."""
        states = sorted(view.state for view in self._views.values())
        expected = ["active"] + ["backup"] * (len(states) - 1)
        return states == expected and self.owner in {
            view.name for view in self._views.values() if view.state == "active"
        }

    def movement(self) -> object:
        """Equal to what it was as long as nothing moves in any node, and none changes its state."""
        return [(node.movement(), self._views[node.name].state) for node in self._nodes]

    @property
    def line(self) -> str:
        """The status line."""
        nodes = "  |  ".join(map(str, self._views.values()))
        return f"{nodes}  |  {self._watch.address} is at: {self.owner or 'nobody'}"

    def explain(self) -> str:
        """The status with every node's reason, one line each."""
        reasons = [f"{view}: {view.reason}" if view.reason else str(view) for view in self._views.values()]
        silence = self._watch.longest_silence()
        owner = f"{self._watch.address} is at: {self.owner or 'nobody'}"
        return "\n".join([*reasons, f"{owner}; longest time without an answer so far: {silence:.1f} s"])

    def _follow(self, node: Node) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            self._views[node.name] = look_at(node)
            self._report()
            took = time.monotonic() - started
            asked = self._views[node.name].state not in (OFF, BOOTING)
            self._stop.wait(max(PAUSE_SECONDS, took * PAUSE_FACTOR) if asked else PAUSE_SECONDS)

    def _follow_owner(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS / 2):
            self._report()

    def _report(self) -> None:
        with self._lock:
            line = self.line
            if line != self._line:
                self._line = line
                self._on_change(line)
