"""Those that are compared, each as its users run it: start it, end it, hand over.

Both run with the same real-time priority where this machine allows it, as the appliance's unit does.
"""

import base64
import functools
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from firmware import paths
from firmware.bench.failover.topology import HOTWIRE, NODES, NamespaceNode, Port
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import LabError

REAL_TIME = ("chrt", "--rr", "20")
PRIORITIES = (254, 253)
"""hadaemon's, of a healthy node that is preferred and of one that is not. keepalived is given the same, so
that both wait equally long."""
_SECRET = base64.b64encode(secrets.token_bytes(32)).decode()
"""The hotwire's key, for this run."""
_HACTL = "from hadaemon.cli.main import main; raise SystemExit(main())"
_DROP_ADDRESSES = (
    "import sys; sys.path.append(sys.argv[1])\n"
    "from hadaemon.io.kernel.drop_addresses import main; raise SystemExit(main())"
)
"""As the image has it: an interpreter without `site`, which starts in half the time."""
_START = 20.0
_END = 10.0


class Daemon(ABC):
    """A daemon on one node."""

    name: str

    def __init__(self, node: NamespaceNode, interval: float) -> None:
        """`interval` is seconds between advertisements."""
        self.node = node
        self.interval = interval
        self._process: subprocess.Popen[str] | None = None

    @property
    def log(self) -> Path:
        """What it told."""
        return self.node.folder / "daemon.log"

    def start(self) -> None:
        """Start it and wait until it takes part."""
        command = self._configure()
        self._process = self.node.namespace.start(*real_time(), *command, log=self.log)
        wait_until(self._listens, Deadline(_START), f"{self.name} in backup", str(self.log), interval=0.02)

    def wait_active(self) -> None:
        """Wait until it holds every virtual address."""
        ports = len(self.node.ports)
        deadline = Deadline(_START + 10 * self.interval)
        wait_until(
            lambda: self.node.held() == ports, deadline, f"{self.name} active", str(self.log), interval=0.02
        )

    def wait_ready(self) -> None:
        """Wait for what both daemons need each other for; called when both take part."""
        return

    @property
    def pids(self) -> tuple[int, ...]:
        """All its processes."""
        assert self._process is not None
        return self._process.pid, *_children(self._process.pid)

    def stop(self) -> None:
        """Ask it to end, as the service manager does; returns at once."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """In good order, whatever state it is in; nothing of it is left then."""
        if self._process is not None:
            self.stop()
            self.wait_end()

    def wait_end(self) -> None:
        """Wait until it has ended."""
        assert self._process is not None
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} does not end", where=str(self.log)) from None

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL, then what the system around it does for the addresses that it leaves behind."""

    @abstractmethod
    def hand_over(self) -> None:
        """A planned switch to the other node, both daemons staying."""

    @abstractmethod
    def _configure(self) -> list[str]:
        """Write its files; the answer is its command."""

    @abstractmethod
    def _listens(self) -> bool:
        """It has become backup at some time."""

    @abstractmethod
    def _change(self) -> str:
        """What it tells of a change of its role, as a regular expression."""

    @property
    def changes(self) -> int:
        """How often it has changed its role so far, as it told."""
        return len(re.findall(self._change(), self.log_text))

    @property
    def log_text(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Hadaemon(Daemon):
    """Ours, without a hotwire."""

    name = "hadaemon"

    def kill(self) -> None:
        """The unit's ExecStopPost drops the addresses."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_END)
        self.node.namespace.run(sys.executable, "-I", "-S", "-c", _DROP_ADDRESSES, str(paths.ROOT))

    def hand_over(self) -> None:
        """As an administrator does."""
        self._hactl("switch")

    def _hactl(self, *arguments: str) -> str:
        socket = self.node.folder / "run" / "control.sock"
        command = (sys.executable, "-P", "-c", _HACTL, "--socket", str(socket))
        return self.node.namespace.run(*command, *arguments)

    def _configure(self) -> list[str]:
        folder = self.node.folder
        state = folder / "state"
        for path in (state, folder / "run"):
            path.mkdir(exist_ok=True)
        for name, text in self._files().items():
            (state / name).write_text(text)
        places = {
            "--state": state,
            "--run": folder / "run",
            "--helper": folder / "helper.sock",
            "--setup-problems": folder / "setup-problems",
            "--conntrackd": folder / "conntrackd",
        }
        words = (str(word) for pair in places.items() for word in pair)
        return [sys.executable, "-P", "-m", "hadaemon", *words]

    def _files(self) -> dict[str, str]:
        return {
            "node.toml": node_toml(self.node.name, self.node.ports),
            "cluster.toml": cluster_toml(self.node.ports, self.interval),
        }

    def _listens(self) -> bool:
        return "-> backup" in self.log_text

    def _change(self) -> str:
        return r"\w+ -> (?:active|backup|fault|off): "


class HadaemonWithHotwire(Hadaemon):
    """Ours, as it is meant to be used."""

    name = "hadaemon, hotwire"
    tells_connections = False
    """The other node's connections are waited for before a switch, and nothing here tells them."""

    def wait_ready(self) -> None:
        """Each hears the other over the hotwire, and is connected to it."""
        wait_until(self._is_connected, Deadline(_START), "the hotwire's connection", str(self.log))

    def _is_connected(self) -> bool:
        hotwire = json.loads(self._hactl("status", "--json"))["hotwire"]
        return bool(hotwire["state"] == "up" and hotwire["connected"])

    def _files(self) -> dict[str, str]:
        cluster = cluster_toml(self.node.ports, self.interval)
        return {
            "node.toml": node_toml(self.node.name, (*self.node.ports, HOTWIRE)),
            "cluster.toml": f'{cluster}[hotwire]\nport = "{HOTWIRE.name}"\nprotection = "none"\n'
            f"[conntrack]\nenabled = {str(self.tells_connections).lower()}\n",
            "hotwire.key": f"{_SECRET}\n",
        }


class Keepalived(Daemon):
    """The peer."""

    name = "keepalived"

    @staticmethod
    def version() -> str:
        """Which one is installed."""
        output = subprocess.run(
            ["keepalived", "--version"], capture_output=True, text=True, check=True
        ).stderr
        return output.split()[1]

    def kill(self) -> None:
        """Nothing drops the addresses: an operator has to. Its supervisor must not see the child's end."""
        supervisor, *children = self.pids
        signal_all((supervisor,), signal.SIGSTOP)
        signal_all((*children, supervisor), signal.SIGKILL)
        self.wait_end()
        self.node.remove_virtual()

    def hand_over(self) -> None:
        """A file that it tracks lowers its priority below the other's."""
        self._tracked.write_text("9\n")

    @property
    def _tracked(self) -> Path:
        return self.node.folder / "priority-less"

    def _configure(self) -> list[str]:
        folder = self.node.folder
        configuration = folder / "keepalived.conf"
        self._tracked.write_text("0\n")
        configuration.write_text(keepalived_conf(self.node, self.interval, self._tracked))
        return [
            *("keepalived", "--dont-fork", "--vrrp", "--log-console", "--no-syslog"),
            *("--use-file", str(configuration), "--pid", str(folder / "keepalived.pid")),
            *("--vrrp_pid", str(folder / "vrrp.pid")),
        ]

    def _listens(self) -> bool:
        return all(f"({port.name}) Entering BACKUP STATE" in self.log_text for port in self.node.ports)

    def _change(self) -> str:
        """Of one instance: all are in one group."""
        return rf"\({self.node.ports[0].name}\) Entering \w+ STATE"


def node_toml(name: str, ports: tuple[Port, ...]) -> str:
    """The file node.toml of hadaemon."""
    lines = ["schema = 1", f'name = "{name}"']
    for port in ports:
        lines += [f"[ports.{port.name}]", f'mac = "{port.mac(name)}"', f'addresses = ["{port.own(name)}/24"]']
    return "\n".join(lines) + "\n"


def cluster_toml(ports: tuple[Port, ...], interval: float) -> str:
    """The file cluster.toml of hadaemon; `interval` in seconds."""
    lines = ["schema = 1", 'name = "bench"', f'master = "{NODES[0]}"']
    lines += ["[vrrp]", f'advertisement_interval = "{interval * 1000:.0f}ms"']
    for port in ports:
        lines += ["[[ha_interfaces]]", f'port = "{port.name}"', f"number = {port.number}"]
        lines += [f'virtual_addresses = ["{port.virtual}/24"]']
    return "\n".join(lines) + "\n"


def keepalived_conf(node: NamespaceNode, interval: float, tracked: Path) -> str:
    """The same for keepalived: one group of instances, the same priorities."""
    priority = PRIORITIES[NODES.index(node.name)]
    names = "".join(f"    {port.name}\n" for port in node.ports)
    return (
        f"global_defs {{\n  router_id {node.name}\n  vrrp_version 3\n}}\n"
        f"vrrp_track_file planned {{\n  file {tracked}\n}}\n"
        f"vrrp_sync_group bench {{\n  group {{\n{names}  }}\n"
        "  track_file {\n    planned weight -1\n  }\n}\n"
    ) + "".join(
        f"vrrp_instance {port.name} {{\n  state BACKUP\n  interface {port.name}\n"
        f"  virtual_router_id {port.vrid}\n  priority {priority}\n  advert_int {interval:g}\n"
        f"  virtual_ipaddress {{\n    {port.virtual}/24 dev {port.name}\n  }}\n}}\n"
        for port in node.ports
    )


@functools.cache
def real_time() -> tuple[str, ...]:
    """The command prefix for real-time scheduling; empty where it is not allowed."""
    allowed = subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode == 0
    return REAL_TIME if allowed else ()


def signal_all(pids: tuple[int, ...], number: signal.Signals) -> None:
    """The same signal to several processes of ours."""
    for pid in pids:
        os.kill(pid, number)


def _children(pid: int) -> tuple[int, ...]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return tuple(map(int, text.split()))
