"""Two nodes and a client on a LAN and a WAN, in namespaces: intent verbs for the tests."""

import dataclasses
import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hadaemon.io.errors import ControlError
from hadaemon.io.sockets.control_client import ask
from hadaemon.io.store.history import History

from .capture import Capture
from .namespaces import Namespace, Namespaces
from .preloaded import Forked, start_anew, start_daemon
from .waiting import stretched, wait_for

INTERVAL = round(stretched(0.1), 2)
"""Seconds between advertisements in these tests; rarer on a slow machine, which is late with each."""
INTERVAL_TEXT = f'"{INTERVAL * 1000:.0f}ms"'
"""The same in a configuration."""
ACTIVE_DOWN = 3 * INTERVAL + INTERVAL / 2
"""An upper bound of Active_Down_Interval for every priority that occurs here."""
PORTS = ("lan", "wan")
VIRTUAL = {"lan": "192.168.12.1", "wan": "192.168.175.101"}
VRID = {"lan": 51, "wan": 52}
OWN = {
    "alpha": {"lan": "192.168.12.141", "wan": "192.168.175.102"},
    "beta": {"lan": "192.168.12.142", "wan": "192.168.175.103"},
}
MAC = {
    "alpha": {"lan": "52:54:00:48:0a:01", "wan": "52:54:00:48:0a:02"},
    "beta": {"lan": "52:54:00:48:0b:01", "wan": "52:54:00:48:0b:02"},
}
CLIENT = "192.168.12.50"
DROP_ADDRESSES = [sys.executable, "-P", "-m", "hadaemon.io.kernel.drop_addresses"]

CLUSTER = f"""
schema = 1
name = "office"
master = "alpha"
[vrrp]
advertisement_interval = {INTERVAL_TEXT}
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
"""


@dataclass
class TestNode:
    """One node of the pair: its namespace, its files, its daemon."""

    __test__ = False

    name: str
    namespace: Namespace
    folder: Path
    switch: Namespace
    cluster: str = CLUSTER
    addressed: bool = True
    """Whether its ports have own addresses."""
    daemon: "subprocess.Popen[str] | Forked | None" = field(default=None)
    environment: dict[str, str] = field(default_factory=dict)
    """Of the daemon, beside the test's own."""
    loaded_anew: bool = False
    """Its program is loaded as on a box, for tests of that; see preloaded.py."""

    @property
    def state_folder(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> Path:
        return self.folder / "hadaemon.log"

    def plug_in(self, port: str) -> None:
        """Makes the port's cable: hardware appears, with its MAC and, if it has one, its own address."""
        inside, outside = port, f"{self.name}-{port}"
        peer = ["type", "veth", "peer", "name", inside, "address", MAC[self.name][port]]
        self.switch.run("ip", "link", "add", outside, *peer)
        self.switch.run("ip", "link", "set", outside, "master", f"br-{port}", "up")
        self.switch.run("ip", "link", "set", inside, "netns", self.namespace.entry[2])
        if self.addressed:
            self.namespace.run("ip", "address", "add", f"{OWN[self.name][port]}/24", "dev", inside)
        self.namespace.run("ip", "link", "set", inside, "up")

    def tear_out(self, port: str) -> None:
        """Removes the hardware behind a port."""
        self.switch.run("ip", "link", "delete", f"{self.name}-{port}")

    def pull(self, port: str) -> None:
        """Pulls the cable: the port loses its carrier."""
        self.switch.run("ip", "link", "set", f"{self.name}-{port}", "down")

    def plug(self, port: str) -> None:
        """Plugs the cable in again."""
        self.switch.run("ip", "link", "set", f"{self.name}-{port}", "up")

    def configure(self) -> None:
        """Writes node.toml and cluster.toml."""
        self.state_folder.mkdir(parents=True, exist_ok=True)
        lines = ["schema = 1", f'name = "{self.name}"']
        for port in PORTS:
            addresses = f'["{OWN[self.name][port]}/24"]' if self.addressed else "[]"
            lines += [f"[ports.{port}]", f'mac = "{MAC[self.name][port]}"', f"addresses = {addresses}"]
        (self.state_folder / "node.toml").write_text("\n".join(lines) + "\n")
        (self.state_folder / "cluster.toml").write_text(self.cluster)

    def start(self) -> None:
        """Starts the daemon."""
        (self.folder / "run").mkdir(exist_ok=True)
        folder, state = self.folder, self.state_folder
        options = {"state": state, "run": folder / "run", "conntrackd": folder / "conntrackd"}
        options |= {"helper": folder / "helper.sock", "services": folder / "services.sock"}
        options |= {"leases": folder / "leases", "alarms": folder / "alarms" / "control.sock"}
        options |= {"setup-problems": folder / "setup-problems", "sandbox": folder / "program.sock"}
        arguments = [word for name, path in options.items() for word in (f"--{name}", str(path))]
        start = start_anew if self.loaded_anew else start_daemon
        self.daemon = start(self.namespace, arguments, self.log, self.environment)

    def ask(self, command: str) -> dict[str, Any]:
        """One request over the control socket."""
        return ask(self.folder / "run" / "control.sock", {"command": command}, timeout=stretched(2.0))

    def status(self) -> dict[str, Any]:
        """What the daemon tells; empty while it does not answer."""
        try:
            return self.ask("status")
        except (ControlError, OSError):
            return {}

    def state(self) -> str:
        """The node's state; empty while the daemon does not answer."""
        status: dict[str, Any] = self.status().get("status", {})
        return str(status.get("state", ""))

    def problems(self) -> str:
        """Everything that the status complains of, one a line."""
        problems = self.status().get("status", {}).get("problems", ())
        return "\n".join(problem["text"] for problem in problems)

    def wait_problem(self, part: str, within: float = 5.0) -> None:
        """Waits until the status complains of that."""
        wait_for(f"{self.name} complains of {part!r}", lambda: part in self.problems(), within)

    def wait_state(self, state: str, within: float = 10.0) -> None:
        """Waits until the daemon says that it is in this state."""
        try:
            wait_for(f"{self.name} is {state}", lambda: self.state() == state, within)
        except AssertionError as error:
            status = json.dumps(self.status(), indent=1)
            raise AssertionError(f"{error}\n{status}\n{self.log.read_text()}") from error

    def unplug_from_switch(self, port: str) -> None:
        """Nothing passes the switch any more, and the link stays up."""
        self.switch.run("ip", "link", "set", f"{self.name}-{port}", "nomaster")

    def plug_into_switch(self, port: str) -> None:
        """Frames pass again."""
        self.switch.run("ip", "link", "set", f"{self.name}-{port}", "master", f"br-{port}")

    def signal(self, number: signal.Signals) -> None:
        """Sends the daemon a signal."""
        assert self.daemon is not None
        self.daemon.send_signal(number)

    def kill(self) -> None:
        """The daemon dies, and its unit drops what it left."""
        self.signal(signal.SIGKILL)
        self.wait_end()
        self.namespace.run(*DROP_ADDRESSES)

    def wait_end(self, within: float = 10.0) -> int:
        """Waits for the daemon's end; returns its exit code."""
        assert self.daemon is not None
        return self.daemon.wait(stretched(within))

    def history(self) -> list[dict[str, Any]]:
        """Every change of state that is on disk."""
        return [dataclasses.asdict(entry) for entry in History(self.state_folder / "daemon").read()]

    def virtual_addresses(self) -> set[str]:
        """Which of the pair's virtual addresses are on this node, as the kernel has it."""
        found = re.findall(r"inet (\S+)/\d+", self.namespace.run("ip", "-4", "-o", "address", "show"))
        return set(found) & set(VIRTUAL.values())

    def own_addresses(self) -> set[str]:
        """All other IPv4 addresses, loopback aside."""
        found = re.findall(r"inet (\S+)/\d+", self.namespace.run("ip", "-4", "-o", "address", "show"))
        return set(found) - set(VIRTUAL.values()) - {"127.0.0.1"}


@dataclass
class Pair:
    """The whole topology."""

    switch: Namespace
    client: Namespace
    alpha: TestNode
    beta: TestNode

    @property
    def nodes(self) -> tuple[TestNode, TestNode]:
        return self.alpha, self.beta

    def start(self) -> None:
        """Both daemons run; alpha, the master, is active and beta is backup."""
        for node, state in ((self.alpha, "active"), (self.beta, "backup")):
            node.configure()
            node.start()
            node.wait_state(state)
        self.wait_holder(self.alpha)

    def wait_holder(self, holder: TestNode, within: float = 10.0) -> float:
        """Waits until all virtual addresses are on this node and on no other; returns when that was seen."""
        expected = [set(VIRTUAL.values()) if node is holder else set() for node in self.nodes]
        wait_for(
            f"{holder.name} alone holds the virtual addresses",
            lambda: [node.virtual_addresses() for node in self.nodes] == expected,
            within,
        )
        return time.monotonic()

    def check_logs(self) -> None:
        """No daemon told of a defect: an exception that escaped, or something left open."""
        for node in self.nodes:
            text = node.log.read_text() if node.log.exists() else ""
            assert not re.search("Traceback|internal error|Warning:", text), text

    def capture(self, port: str) -> Capture:
        """Everything on the LAN or the WAN."""
        return Capture(self.switch, f"br-{port}")


def build_pair(namespaces: Namespaces, folder: Path, addressed: bool = True) -> Pair:
    """Switch, client and two nodes with their ports plugged in; no daemon runs yet."""
    switch = namespaces.make("switch")
    client = namespaces.make("client")
    add_switches(switch, *PORTS)
    nodes = []
    for name in OWN:
        (folder / name).mkdir()
        node = TestNode(name, namespaces.make(name), folder / name, switch, addressed=addressed)
        for port in PORTS:
            node.plug_in(port)
        nodes.append(node)
    add_client(switch, client)
    return Pair(switch, client, *nodes)


def add_switches(switch: Namespace, *names: str) -> None:
    """One switch for each network."""
    for name in names:
        bridge = ["type", "bridge", "forward_delay", "0", "mcast_snooping", "0"]
        switch.run("ip", "link", "add", f"br-{name}", *bridge)
        switch.run("ip", "link", "set", f"br-{name}", "up")


def add_client(switch: Namespace, client: Namespace) -> None:
    """The client on the LAN."""
    switch.run("ip", "link", "add", "client", "type", "veth", "peer", "name", "eth0")
    switch.run("ip", "link", "set", "client", "master", "br-lan", "up")
    switch.run("ip", "link", "set", "eth0", "netns", client.entry[2])
    client.run("ip", "address", "add", f"{CLIENT}/24", "dev", "eth0")
    client.run("ip", "link", "set", "eth0", "up")
