"""What the files say of the base network is made true now: at the end of a boot, and after each change.

No virtual address is touched, whatever happens here. A step that fails is a problem, and the others go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_interface

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.errors import HadaemonError
from hadaemon.io.files import sync_folder
from hadaemon.io.links import Link, LinkTable
from hadaemon.io.netlink import Netlink
from hadaemon.io.programs import run_program
from hadaemon.runtime.configuration import Condition, Configuration
from hadaemon.setup.apply import Texts, apply_admin, apply_node, put
from hadaemon.setup.networkd import PREFIX, leftovers
from hadaemon.setup.places import Owners, Places
from hadaemon.setup.services import HOST_KEY, SSH_FOLDER, Service, services

_HOTWIRE_SERVER = "hotspare-sync-sshd.service"

Run = Callable[..., None]
"""Runs a program; raises HadaemonError."""


@dataclass(slots=True)
class Effect:
    """One pass."""

    places: Places
    run: Run = run_program
    problems: list[str] = field(default_factory=list)

    def take(self, configuration: Configuration, owners: Owners) -> tuple[str, ...]:
        """Makes it true; the answer is what could not be. A refused configuration takes nothing away: what
        node.toml alone says is started, so that somebody can come and repair it."""
        node, cluster = configuration.node, configuration.cluster
        if node is None:
            return ()
        if configuration.condition is not Condition.REFUSED:
            self._attempt(partial(self._network, node, cluster))
            self.problems += apply_admin(self.places, owners)
        for service in services(node, cluster):
            if service.files or configuration.condition is not Condition.REFUSED:
                self._attempt(partial(self._service, service))
        return tuple(self.problems)

    def _network(self, node: NodeConfig, cluster: ClusterConfig | None) -> None:
        before, now = apply_node(node, cluster, self.places)
        if before == now:
            return
        old = leftovers(before, now)
        for interface in old.interfaces:
            self._attempt(partial(self._remove_interface, interface))
        self.run("networkctl", "reload")
        self._attempt(partial(remove_addresses, old.addresses))
        for match, lines in old.routes:
            self._attempt(partial(self._remove_route, match, lines))
        hotwire = cluster.hotwire.port if cluster is not None and cluster.hotwire is not None else None
        if hotwire is not None and _file(before, hotwire) != _file(now, hotwire):
            self.run("systemctl", "try-restart", _HOTWIRE_SERVER)

    def _remove_interface(self, name: str) -> None:
        if present_links().named(name) is not None:
            self.run("ip", "link", "delete", "dev", name)

    def _remove_route(self, match: str, lines: tuple[str, ...]) -> None:
        link = link_of(present_links(), match)
        if link is None:
            return  # With the link went the route.
        words = dict(line.partition("=")[::2] for line in lines)
        command = [
            "ip",
            "-6" if ":" in words["Destination"] else "-4",
            "route",
            "flush",
            "exact",
            words["Destination"],
        ]
        command += ["dev", link.name, "proto", "static"]
        if "Gateway" in words:
            command += ["via", words["Gateway"]]
        if "Metric" in words:
            command += ["metric", words["Metric"]]
        self.run(*command)

    def _service(self, service: Service) -> None:
        if service.unit == "hotspare-ssh.socket" and service.files:
            self._host_key()
        changed = [path for path in service.known if put(self.places.root / path, service.files.get(path))]
        if any("systemd/system" in path for path in changed):
            self.run("systemctl", "daemon-reload")
        if not service.files:
            if changed:
                self.run("systemctl", "stop", service.unit)
            return
        self.run("systemctl", "restart" if changed else "start", service.unit)

    def _host_key(self) -> None:
        folder = self.places.root / SSH_FOLDER
        if (folder / HOST_KEY).exists():
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        # Only a whole key gets the name: a power cut leaves none.
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


def remove_addresses(gone: tuple[tuple[str, str], ...]) -> None:
    """Own addresses that no file names any more. Raises NetlinkError."""
    if not gone:
        return
    netlink = Netlink()
    try:
        table = LinkTable(netlink.list_all())
        for match, text in gone:
            link, interface = link_of(table, match), ip_interface(text)
            if link is None:
                continue
            for address in table.addresses(link.index):
                if address.interface == interface and not address.virtual:
                    netlink.remove_address(link.index, interface)
    finally:
        netlink.close()


def link_of(table: LinkTable, match: str) -> Link | None:
    """The link that a file's match is about."""
    key, _, value = match.partition("=")
    return table.named(value) if key == "Name" else table.find(value)


def present_links() -> LinkTable:
    """Links and addresses of this moment."""
    netlink = Netlink()
    try:
        return LinkTable(netlink.list_all())
    finally:
        netlink.close()


def _file(texts: Texts, port: str) -> str | None:
    return texts.get(f"{PREFIX}{port}.network")
