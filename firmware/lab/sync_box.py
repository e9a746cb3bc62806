"""Two nodes that synchronize, in namespaces: a real SSH server each, the keeper behind it, their hotwire.

Each node has a mount namespace too: its own /run and its own list of accounts, so that the server runs as in
the image and the host has nothing of it. Needs root.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.errors import CommandFailed, MissingCapability
from firmware.lab.namespaces import Namespace, Namespaces
from firmware.paths import ROOT

ADDRESS = {"alpha": "192.168.180.2", "beta": "192.168.180.3"}
_LAN = {"alpha": "192.168.12.141", "beta": "192.168.12.142"}
_MAC = {"alpha": "52:54:00:48:0a", "beta": "52:54:00:48:0b"}
_INETD = Path(__file__).with_name("inetd.py")
_RELAY = ROOT / "hadaemon/helper/relay.py"
_PYTHON = "/usr/bin/python3"
"""For the account of the synchronization, which may not read where ours is."""
_HACTL = (sys.executable, "-P", "-c", "from hadaemon.cli.main import main; raise SystemExit(main())")
_READY = 10.0
"""Seconds."""

_SET_UP = """set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/hotspare/sync /run/hadaemon
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
install -m 755 "$1/sync-verb" /run/hotspare/sync-verb
touch /run/ready
exec sleep infinity
"""


@dataclass
class SyncBox:
    """One node."""

    name: str
    namespace: Namespace
    folder: Path
    address: str
    """On the hotwire."""
    configured: bool = True
    """Whether its node.toml gives it that address."""
    _holder: "subprocess.Popen[str] | None" = field(default=None)
    _server: "subprocess.Popen[str] | None" = field(default=None)

    @property
    def state(self) -> Path:
        """Its configuration and keys."""
        return self.folder / "state"

    @property
    def log(self) -> Path:
        """Of everything that runs in it."""
        return self.folder / "log"

    @property
    def entry(self) -> list[str]:
        """Into its mount namespace, from within its network namespace."""
        assert self._holder is not None
        return ["nsenter", "--mount", "--target", str(self._holder.pid), "--"]

    @property
    def run_folder(self) -> Path:
        """Its /run, as seen from outside."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/root/run")

    def set_up(self) -> None:
        """Its place, node.toml and the keeper; no keys yet, so no server."""
        self.state.mkdir(parents=True)
        self.write_node()
        for name in ("passwd", "shadow"):
            shutil.copy(f"/etc/{name}", self.folder / name)
        with (self.folder / "passwd").open("a") as file:
            file.write("hotspare-sync:x:901:901::/:/run/hotspare/sync-verb\n")
        with (self.folder / "shadow").open("a") as file:
            file.write("hotspare-sync:*:1::::::\n")
        hactl = self.folder / "hactl"
        hactl.write_text(f'#!/bin/sh\nexec {shlex.join(_HACTL)} "$@"\n')
        hactl.chmod(0o755)
        (self.folder / "sync-verb").write_text(f"#!{_PYTHON} -IS\n{_RELAY.read_text()}")
        unshare = ["unshare", "--mount", "--propagation", "private"]
        self._holder = self.namespace.start(
            *unshare, "sh", "-c", _SET_UP, "sh", str(self.folder), log=self.log
        )
        wait_until(self._is_ready, Deadline(_READY), f"the place of {self.name}; see {self.log}")
        keeper = [sys.executable, "-P", "-m", "hadaemon.helper.keeper", "--state", str(self.state)]
        keeper += ["--bundles", str(self.folder / "bundles"), "--rauc", str(self.folder / "rauc")]
        keeper += ["--hactl", str(self.folder / "hactl")]
        self.start(_PYTHON, "-IS", str(_INETD), "/run/hotspare/keeper.sock", *keeper)

    def _is_ready(self) -> bool:
        return (self.run_folder / "ready").exists()

    def write_node(self, name: str = "", mac: str = "") -> None:
        """Its node.toml."""
        mac = mac or _MAC[self.name]
        (self.state / "node.toml").write_text(
            f'schema = 1\nname = "{name or self.name}"\n'
            f'[ports.lan]\nmac = "{mac}:01"\naddresses = ["{_LAN[self.name]}/24"]\n'
            f'[ports.hotwire]\nmac = "{mac}:03"\n'
            + (f'addresses = ["{self.address}"]\n' if self.configured else "")
        )

    def replace_hardware(self) -> None:
        """A new box at its place: nothing on its disk but a node.toml of other network cards."""
        self.stop_server()
        for path in self.state.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.write_node(mac="52:54:00:48:0c")

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Starts something in it."""
        return self.namespace.start(*self.entry, *command, log=self.log)

    def command(self, *command: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Runs something in it to its end."""
        whole = [*self.namespace.entry, *self.entry, *command]
        return subprocess.run(whole, capture_output=True, text=True, check=False, input=stdin)

    def hactl(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """A command of hactl on this node."""
        return self.command(*self.hactl_command(*arguments), stdin=stdin)

    def on_peer(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of hactl that this node has the other one run."""
        *start, _, _ = self.hactl_command("--peer", "--state", str(self.state), *arguments)
        return self.command(*start)

    def hactl_command(self, *arguments: str) -> list[str]:
        """Its command line."""
        return [*_HACTL, *arguments, "--state", str(self.state)]

    def apply(self, text: str) -> None:
        """Makes a text the cluster.toml of this node alone."""
        new = self.folder / "new.toml"
        new.write_text(text)
        done = self.hactl("config", "apply", str(new))
        if done.returncode:
            raise CommandFailed(f"{self.name}: {done.stderr}")

    def start_server(self) -> None:
        """The SSH server with the keys that the node has now."""
        self.stop_server()
        done = self.command(
            sys.executable, "-P", "-m", "hadaemon.helper.sync_server", "--state", str(self.state)
        )
        if done.returncode:
            raise CommandFailed(f"{self.name}: {done.stderr}")
        self._server = self.start("/usr/sbin/sshd", "-D", "-e", "-f", "/run/hotspare/sync/sshd_config")
        address = f"{self.address.partition('/')[0]}:22"
        wait_until(
            lambda: address in self.namespace.run("ss", "-Hltn"), Deadline(_READY), f"sshd; see {self.log}"
        )

    def stop_server(self) -> None:
        """Nobody can connect; connections that are open stay."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(_READY)
            self._server = None

    def cable(self, up: bool) -> None:
        """Plugs the hotwire in or pulls it at this end."""
        self.namespace.run("ip", "link", "set", "hotwire", "up" if up else "down")


def build_sync_pair(
    namespaces: Namespaces, folder: Path, defaults: Mapping[str, str] | None = None
) -> tuple[SyncBox, SyncBox]:
    """Two nodes on one hotwire. Nothing is paired yet. `defaults`: the addresses with prefix length that the
    setup gives the nodes where nobody has configured any."""
    if os.geteuid() != 0:
        raise MissingCapability(
            "an SSH server that changes its user needs root", where="the hotwire's tests", todo="run as root"
        )
    boxes = []
    for name in ADDRESS:
        (folder / name).mkdir()
        address = f"{ADDRESS[name]}/24" if defaults is None else defaults[name]
        boxes.append(SyncBox(name, namespaces.make(name), folder / name, address, defaults is None))
    alpha, beta = boxes
    peer = ["type", "veth", "peer", "name", "hotwire", "address", f"{_MAC['beta']}:03"]
    peer += ["netns", str(beta.namespace.pid)]
    alpha.namespace.run("ip", "link", "add", "hotwire", "address", f"{_MAC['alpha']}:03", *peer)
    for box in boxes:
        box.namespace.run("ip", "address", "add", box.address, "dev", "hotwire")
        box.cable(up=True)
        box.set_up()
    return alpha, beta


def exchange_keys(one: SyncBox, other: SyncBox) -> None:
    """Both trust each other, as two administrators with a telephone would do it, and serve."""
    for box in (one, other):
        if not (box.state / "identity/ssh_ed25519.pub").exists():
            box.hactl("key", "generate")
    for box, peer in ((one, other), (other, one)):
        done = box.hactl("key", "trust", str(peer.state / "identity/ssh_ed25519.pub"), "--yes")
        if done.returncode:
            raise CommandFailed(f"{box.name}: {done.stderr}")
    for box in (one, other):
        box.start_server()
