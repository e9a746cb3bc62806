"""Ours with its conntrackd, and keepalived with conntrackd as its package's examples set it up."""

import re
import signal
import subprocess
from abc import abstractmethod
from pathlib import Path
from typing import Self

from firmware.bench.conntrack.sample import GUARDED, SETTINGS
from firmware.bench.failover.daemons import Daemon, HadaemonWithHotwire, Keepalived
from firmware.bench.failover.topology import HOTWIRE, NamespaceNode
from firmware.lab.conntrack_helper import ConntrackHelper
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import CommandFailed

EXAMPLES = Path("/usr/share/doc/conntrackd/examples/sync")
LOAD_ADDRESS = "203.0.113.9"
"""Where all connections of the load lead."""
_RULES = '[[firewall.rules]]\nname = "sample"\naction = "allow"\nfrom = ["lan"]\nto = ["wan"]\n'
_START = 20.0
_SWITCH = 60.0
"""Seconds until a spare that lacks connections has asked for them again, and may take over."""


class Tracking(Daemon):
    """A daemon whose connections the other node knows, on a node that forwards."""

    def start(self) -> None:
        """The same kernel settings for both."""
        self.node.namespace.run("sysctl", "-q", "-w", *SETTINGS)
        super().start()

    def connections(self) -> int:
        """Entries of this node's kernel."""
        return int(self.node.namespace.run("conntrack", "-C"))

    def known(self) -> int:
        """Entries that this node has from the other one, wherever it keeps them."""
        return self.connections()

    def loaded(self) -> int:
        """Those of them that the load is: a node has some of its own too."""
        listed = self.node.namespace.run("conntrack", "-L", "-p", "tcp", "-d", LOAD_ADDRESS)
        return len(listed.splitlines())

    @abstractmethod
    def take_over(self, other: Self) -> float | None:
        """A planned switch to this node; milliseconds from decision to announcement, where it tells."""


class OurTracking(HadaemonWithHotwire, Tracking):
    """Ours: conntrackd is configured, started and told by the daemon."""

    name = "hadaemon"
    tells_connections = True

    def __init__(self, node: NamespaceNode, interval: float) -> None:
        """`interval` is seconds between advertisements."""
        super().__init__(node, interval)
        self._helper: ConntrackHelper | None = None

    def start(self) -> None:
        """With what stands for the service manager."""
        self._helper = ConntrackHelper(self.node.namespace, self.node.folder)
        super().start()

    def take_over(self, other: Self) -> float | None:
        """As an administrator does, as soon as it is allowed; the steps that hactl tells are added."""
        spans: dict[str, str] = {}
        refusals: list[str] = []

        def switched() -> bool:
            try:
                spans.update(re.findall(r"(\w+) ([\d.]+) ms", self._hactl("switch")))
            except CommandFailed as refused:
                refusals.append(str(refused))
            return bool(spans)

        wait_until(
            switched, Deadline(_SWITCH), "a switch", str(self.log), explain=lambda: "".join(refusals[-1:])
        )
        if not {"address", "announcement"} <= spans.keys():
            return None  # It took over by itself meanwhile: there was no decision to count from.
        return float(spans["address"]) + float(spans["announcement"])

    def _files(self) -> dict[str, str]:
        files = super()._files()
        files["cluster.toml"] += _RULES
        return files

    def end(self) -> None:
        """The daemon, and its conntrackd."""
        super().end()
        if self._helper is not None:
            self._helper.close()

    def wait_ready(self) -> None:
        """Each hears the other, and both conntrackds run."""
        super().wait_ready()
        wait_until(
            lambda: (self.node.folder / "conntrackd" / "control.sock").exists(),
            Deadline(_START),
            "conntrackd",
        )


class StockTracking(Keepalived, Tracking):
    """keepalived, and conntrackd's example for FTFW with its script, as they are; only places are changed."""

    name = "keepalived and conntrackd"

    def __init__(self, node: NamespaceNode, interval: float) -> None:
        """`interval` is seconds between advertisements."""
        super().__init__(node, interval)
        self._conntrackd: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """conntrackd first: the script asks it."""
        self.node.namespace.run("nft", "-f", "-", stdin=GUARDED)
        folder = self.node.folder
        own = HOTWIRE.own(self.node.name)
        text = (EXAMPLES / "ftfw/conntrackd.conf").read_text()
        for old, new in (
            ("192.168.100.100", own),
            ("Interface eth2", f"Interface {HOTWIRE.name}"),
            ("/var/lock/conntrack.lock", f"{folder}/lock"),
            ("/var/run/conntrackd.ctl", f"{folder}/control"),
            ("LogFile on", f"LogFile {folder}/conntrackd.log"),
        ):
            text = text.replace(old, new)
        self._configuration.write_text(text)
        script = (EXAMPLES / "primary-backup.sh").read_text()
        script = script.replace("/etc/conntrackd/conntrackd.conf", str(self._configuration))
        script = script.replace("/var/lock/conntrack.lock", f"{folder}/lock")
        self._script.write_text(script)
        self._script.chmod(0o755)
        command = ["conntrackd", "-C", str(self._configuration)]
        self._conntrackd = self.node.namespace.start(*command, log=folder / "conntrackd-start.log")
        control = folder / "control"
        wait_until(control.exists, Deadline(_START), "conntrackd", str(folder), interval=0.02)
        super().start()

    def end(self) -> None:
        """keepalived, and conntrackd."""
        super().end()
        if self._conntrackd is not None:
            self._conntrackd.send_signal(signal.SIGKILL)
            self._conntrackd.wait(_START)

    def take_over(self, other: Self) -> float | None:
        """The other one's priority falls below this one's."""
        self._tracked.write_text("0\n")
        other.hand_over()
        return None

    def known(self) -> int:
        """Those in its external cache, and those that it has committed."""
        statistics = self.node.namespace.run("conntrackd", "-C", str(self._configuration), "-s", check=False)
        found = re.search(r"cache external:\s+current active connections:\s+(\d+)", statistics)
        return max(int(found[1]) if found else 0, self.connections())

    def _configure(self) -> list[str]:
        command = super()._configure()
        configuration = self.node.folder / "keepalived.conf"
        group = "vrrp_sync_group bench {\n"
        notify = "".join(
            f'  notify_{state} "{self._script} {word}"\n'
            for state, word in (("master", "primary"), ("backup", "backup"), ("fault", "fault"))
        )
        configuration.write_text(configuration.read_text().replace(group, group + notify))
        return command

    @property
    def _configuration(self) -> Path:
        return self.node.folder / "conntrackd.conf"

    @property
    def _script(self) -> Path:
        return self.node.folder / "primary-backup.sh"
