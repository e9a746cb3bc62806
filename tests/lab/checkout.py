"""An administrator's machine in the network of a pair: a checkout with the pair's folder, a key, `deploy`."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from firmware.lab.deadline import stretched
from firmware.lab.namespaces import Namespace
from firmware.paths import ROOT

from .host import PORT


class Booted(Protocol):
    """A node of any lab."""

    def run(self, command: str, root: bool = False) -> Any:
        """What it said is its `output`."""


_SECONDS = 600.0
"""A dozen of logins, on emulated processors."""
HOST_KEY = "/data/state/ssh/ssh_host_ed25519_key.pub"
_GIVE = """sed -i 's|^ssh_keys = .*|ssh_keys = ["{key}"]|' /data/state/admin.toml && hactl reload &&
systemctl start hotspare-apply"""
_SETTINGS = """Match exec {counter}
Host *
  IdentityFile {key}
  IdentitiesOnly yes
"""
_COUNTER = """#!/bin/sh
# Before each connection: it is counted, and at one of them the cable is pulled.
n=$(($(cat {place}/count) + 1)); echo $n >{place}/count
[ $n != "$(cat {place}/last)" ] || ip link set {port} down
exit 1
"""


class Checkout:
    """What is typed there is typed on this host of the lab."""

    def __init__(self, machine: Namespace, folder: Path, nodes: Mapping[str, Booted]) -> None:
        """Both get to know each other.

        Args:
            machine: its network; the card is called as a `Host`'s.
            folder: of the pair. What else belongs to the checkout is put beside it.
            nodes: by the addresses at which they are reached.
        """
        self.folder, self._machine, self._place = folder, machine, folder.parent
        self._key, self._settings = self._place / "key", self._place / "ssh_config"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._key], check=True)
        counter = self._place / "counter"
        counter.write_text(_COUNTER.format(place=self._place, port=PORT))
        counter.chmod(0o755)
        self._settings.write_text(_SETTINGS.format(key=self._key, counter=counter))
        public, known = self._key.with_suffix(".pub").read_text().strip(), []
        for address, node in nodes.items():
            node.run(_GIVE.format(key=public), root=True)
            kind, key, *_ = node.run(f"cat {HOST_KEY}", root=True).output.split()
            known.append(f"{address} {kind} {key}\n")
        (folder / "known_hosts").write_text("".join(known))

    @property
    def cluster(self) -> Path:
        """The file that is changed here."""
        return self.folder / "cluster.toml"

    def deploy(self, *options: str, answer: str = "", pull_at: int = 0) -> "subprocess.CompletedProcess[str]":
        """As it is typed; both outputs are in one. `pull_at`: the number of the connection at which the cable
        of this machine is pulled, from 1; 0: at none.
        """
        (self._place / "count").write_text("0")
        (self._place / "last").write_text(str(pull_at))
        command = [sys.executable, str(ROOT / "invoke.py"), "deploy", str(self.folder), *options]
        return subprocess.run(
            [*self._machine.entry, *command, "--ssh-config", str(self._settings)],
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=stretched(_SECONDS),
        )

    @property
    def connections(self) -> int:
        """Of the last run."""
        return int((self._place / "count").read_text())
