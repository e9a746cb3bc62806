"""Makes the system follow what the files say of the base network: when it boots, and after each change.

It never touches a virtual address. A step that fails is reported as a problem, and the others go on.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import hotwire_port
from hadaemon.io.kernel.device import remove_link
from hadaemon.io.programs.run import run_program
from hadaemon.io.store.files import sync_folder
from hadaemon.setup.apply import Texts, apply_admin, apply_node, put
from hadaemon.setup.clock import apply_clock
from hadaemon.setup.networkd import PREFIX, remade
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.services import SSH_UNIT, Service, services
from hadaemon.state.configuration import Configuration
from hadaemon.state.sshd_config import HOST_KEY, SSH_FOLDER
from hadaemon.status.states import Condition

APPLY_UNIT = "hotspare-apply.service"
_HOTWIRE_SERVER = "hotspare-sync-sshd.service"

Run = Callable[..., object]
"""Runs a program; raises HadaemonError."""


@dataclass(slots=True)
class Effect:
    """One pass."""

    places: Places
    run: Run = run_program
    remove_link: Callable[[str], None] = remove_link
    problems: list[str] = field(default_factory=list)

    def take(self, configuration: Configuration, owners: Owners) -> tuple[str, ...]:
        """Makes it so; returns what could not be done. A refused configuration takes nothing away: what
        node.toml alone says is started, so that somebody can log in and repair it."""
        node, cluster = configuration.node, configuration.cluster
        if node is None:
            return ()
        if configuration.condition is not Condition.REFUSED:
            self._attempt(partial(self._network, node, cluster))
            self.problems += apply_admin(self.places, owners)
            self._attempt(partial(self._clock, node))
        for service in services(node, cluster):
            if service.files or configuration.condition is not Condition.REFUSED:
                self._attempt(partial(self._service, service, owners))
        return tuple(self.problems)

    def _network(self, node: NodeConfig, cluster: ClusterConfig | None) -> None:
        before, now = apply_node(node, cluster, self.places)
        for interface in remade(before, now):
            self._attempt(partial(self._remove_interface, interface))
        # networkd leaves ports alone whose files are unchanged. From the others it removes those addresses
        # and routes that it added itself and that no file names now.
        self.run("networkctl", "reload")
        hotwire = hotwire_port(node, cluster)
        if hotwire is not None and _file(before, hotwire) != _file(now, hotwire):
            self.run("systemctl", "try-restart", _HOTWIRE_SERVER)

    def _clock(self, node: NodeConfig) -> None:
        self.problems += apply_clock(node, self.places)

    def _remove_interface(self, name: str) -> None:
        if name in (present for _, present in socket.if_nameindex()):
            self.remove_link(name)

    def _service(self, service: Service, owners: Owners) -> None:
        if not service.files and any((self.places.root / path).exists() for path in service.known):
            self.run("systemctl", "stop", service.unit)
            for path in service.leaves:
                put(self.places.root / path, None)
        if service.unit == SSH_UNIT and service.files:
            self._host_key()
        rights = (0o600, owners.messenger) if service.secret else (0o644, None)
        changed = [
            path for path in service.known if put(self.places.root / path, service.files.get(path), *rights)
        ]
        if any("systemd/system" in path for path in changed):
            self.run("systemctl", "daemon-reload")
        if not service.files:
            return
        try:
            self.run("systemctl", "restart" if changed else "start", service.unit)
        except HadaemonError:
            for path in service.known:
                put(self.places.root / path, None)  # So that the next pass does it again.
            raise

    def _host_key(self) -> None:
        folder = self.places.root / SSH_FOLDER
        if (folder / HOST_KEY).exists():
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        # Only a whole key gets the name: a power cut leaves no half one.
        staged = folder / "new"
        for half in (staged, folder / "new.pub"):
            half.unlink(missing_ok=True)
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(staged))
        (folder / "new.pub").replace(folder / f"{HOST_KEY}.pub")
        staged.replace(folder / HOST_KEY)
        sync_folder(folder)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (HadaemonError, OSError) as error:
            self.problems.append(str(error))


def leave_the_rest(configuration: Configuration, places: Places, run: Run) -> tuple[str, ...]:
    """At the end of the set-up at boot: the network has its files before it starts, so that only services are
    left for a pass. If there are none, that is noted; else a pass is ordered, and nobody waits for it.
    """
    node = configuration.node
    if node is None or not any(service.files for service in services(node, configuration.cluster)):
        put(places.applied, "")
        return ()
    try:
        run("systemctl", "start", "--no-block", APPLY_UNIT)
    except HadaemonError as error:
        return (str(error),)
    return ()


def _file(texts: Texts, port: str) -> str | None:
    return texts.get(f"{PREFIX}{port}.network")
