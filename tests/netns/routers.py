"""Routers of others in the place of the second node: keepalived and FRR, started by hand as children.

No service of theirs runs, and nothing of theirs is read or written outside the test's folder.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .namespaces import Namespace
from .waiting import listens, stretched, wait_for

PASSPHRASE = "s3cret"


@dataclass(frozen=True)
class Dialect:
    """What both ends have to agree on."""

    version: int
    interval: int
    """Milliseconds."""
    addresses: tuple[str, ...]
    """Of one family; the first IPv6 one is link-local."""
    vrid: int = 51
    checksum: str = "rfc9568"
    password: bool = False

    @property
    def family(self) -> int:
        return 6 if ":" in self.addresses[0] else 4

    @property
    def cluster(self) -> str:
        """[vrrp] and [[ha_interfaces]] of our side, but for the priorities."""
        lines = [
            f"[vrrp]\nversion = {self.version}\nchecksum = '{self.checksum}'",
            f"advertisement_interval = '{self.interval}ms'",
        ]
        if self.password:
            lines.append(f"[vrrp.authentication]\ntype = 'password'\npassphrase = '{PASSPHRASE}'")
        lines.append(f"[[ha_interfaces]]\nport = 'lan'\nvirtual_addresses = {list(self.addresses)}")
        return "\n".join(lines)


class Router(Protocol):
    """One standard router on the interface `lan` of a namespace."""

    def start(self, dialect: Dialect, priority: int) -> None:
        """Begins to take part."""

    def state(self) -> str:
        """`active` or `backup`; anything else while it does not know."""

    def kill(self) -> None:
        """Without a word; what it leaves behind is removed as by a watchdog. Once or more often."""


class Keepalived:
    """Debian's keepalived."""

    def __init__(self, namespace: Namespace, folder: Path, plain_checksum: bool = False) -> None:
        """`plain_checksum`: in version 3 over IPv4 without the pseudo-header, as RFC 9568 has it."""
        self._namespace = namespace
        self._folder = folder
        self._plain_checksum = plain_checksum
        self._log = folder / "keepalived.log"
        self._process: subprocess.Popen[str] | None = None
        self._addresses: tuple[str, ...] = ()

    def start(self, dialect: Dialect, priority: int) -> None:
        """In the foreground, the VRRP part alone."""
        self._addresses = dialect.addresses
        configuration = self._folder / "keepalived.conf"
        configuration.write_text(_keepalived_conf(dialect, priority, self._plain_checksum))
        command = ["keepalived", "--vrrp", "--dont-fork", "--log-console", "--log-detail"]
        command += ["--use-file", str(configuration), "--pid", str(self._folder / "keepalived.pid")]
        command += ["--vrrp_pid", str(self._folder / "vrrp.pid")]
        self._process = self._namespace.start(*command, log=self._log)

    def state(self) -> str:
        """The last state that it logged."""
        text = self._log.read_text() if self._log.exists() else ""
        states = re.findall(r"Entering (MASTER|BACKUP) STATE", text)
        return {"MASTER": "active", "BACKUP": "backup"}[states[-1]] if states else ""

    def kill(self) -> None:
        """The process that speaks VRRP is a child of the one that was started, and a child of ours then."""
        if self._process is None or self._process.poll() is not None:
            return
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        self._process.send_signal(signal.SIGSTOP)  # or it would start another child
        for child in map(int, children):
            os.kill(child, signal.SIGKILL)
        self._process.kill()
        self._process.wait(stretched(10))
        wait_for(
            "keepalived is gone", lambda: not any(Path(f"/proc/{child}").exists() for child in children), 5
        )
        for address in self._addresses:
            self._namespace.run("ip", "address", "del", address, "dev", "lan", check=False)


def _keepalived_conf(dialect: Dialect, priority: int, plain_checksum: bool) -> str:
    authentication = (
        f"authentication {{ auth_type PASS\nauth_pass {PASSPHRASE} }}" if dialect.password else ""
    )
    return "\n".join(
        [
            "global_defs {",
            "  vrrp_garp_master_delay 1",
            "}",
            "vrrp_instance interop {",
            "  state BACKUP",
            "  interface lan",
            f"  version {dialect.version}",
            f"  virtual_router_id {dialect.vrid}",
            f"  priority {priority}",
            f"  advert_int {dialect.interval / 1000:g}",
            "  native_ipv6" if dialect.family == 6 else "",
            f"  {authentication}",
            "  v3_checksum_as_v2 true" if plain_checksum else "",
            "  virtual_ipaddress {",
            *(f"    {address}" for address in dialect.addresses),
            "  }",
            "}",
            "",
        ]
    )


class Frr:
    """FRR's zebra and vrrpd. The virtual addresses are on a macvlan device, which vrrpd turns on and off."""

    _PROGRAMS = Path("/usr/lib/frr")

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self._namespace = namespace
        self._logs = folder
        # The daemons insist on being the user frr, who must get at this folder.
        self._place = tempfile.TemporaryDirectory(prefix="frr-", dir="/var/tmp")
        self._folder = Path(self._place.name)
        shutil.chown(self._folder, "frr", "frr")
        self._processes: list[subprocess.Popen[str]] = []
        self._dialect: Dialect | None = None

    def start(self, dialect: Dialect, priority: int) -> None:
        """Makes the device that vrrpd looks for, then zebra, then vrrpd."""
        self._dialect = dialect
        self._make_device(dialect)
        zebra_socket = self._folder / "zserv.api"
        for program, text in (("zebra", ""), ("vrrpd", _frr_conf(dialect, priority))):
            configuration = self._folder / f"{program}.conf"
            configuration.write_text(text)
            command = [str(self._PROGRAMS / program), "--log", "stdout"]
            command += [
                "--config_file",
                str(configuration),
                "--pid_file",
                str(self._folder / f"{program}.pid"),
            ]
            command += ["--vty_socket", str(self._folder), "--vty_port", "0", "--socket", str(zebra_socket)]
            log = self._logs / f"{program}.log"
            self._processes.append(self._namespace.start(*command, log=log))
            wait_for("zebra listens", lambda: listens(zebra_socket), 5)

    def state(self) -> str:
        """As vrrpd tells it."""
        answer = self._ask("show vrrp json")
        try:
            routers: list[dict[str, Any]] = json.loads(answer)
        except ValueError:
            return ""
        assert self._dialect is not None
        status = str(routers[0][f"v{self._dialect.family}"]["status"]) if routers else ""
        return {"Master": "active", "Backup": "backup"}.get(status, status)

    def kill(self) -> None:
        """Both daemons and their device."""
        for process in reversed(self._processes):
            process.kill()
            process.wait(stretched(10))
        self._namespace.run("ip", "link", "delete", "vrrp", check=False)
        self._place.cleanup()

    def _make_device(self, dialect: Dialect) -> None:
        mac = f"00:00:5e:00:0{1 if dialect.family == 4 else 2}:{dialect.vrid:02x}"
        run = self._namespace.run
        run("ip", "link", "add", "vrrp", "link", "lan", "address", mac, "type", "macvlan", "mode", "bridge")
        run("ip", "link", "set", "vrrp", "addrgenmode", "none")
        for address in dialect.addresses:
            run("ip", "address", "add", address, "dev", "vrrp", *(["nodad"] if dialect.family == 6 else []))
        run("ip", "link", "set", "vrrp", "up")

    def _ask(self, *lines: str) -> str:
        commands = [word for line in lines for word in ("-c", line)]
        return self._namespace.run("vtysh", "--vty_socket", str(self._folder), *commands, check=False)


def _frr_conf(dialect: Dialect, priority: int) -> str:
    vrrp = f" vrrp {dialect.vrid}"
    keyword = "ip" if dialect.family == 4 else "ipv6"
    return "\n".join(
        [
            "interface lan",
            f"{vrrp} version {dialect.version}",
            f"{vrrp} priority {priority}",
            f"{vrrp} advertisement-interval {dialect.interval}",
            *(f"{vrrp} {keyword} {address.partition('/')[0]}" for address in dialect.addresses),
            "",
        ]
    )
