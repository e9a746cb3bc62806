"""The root helper of the services: one connection of the daemon's, as long as it lives.

Starts and stops units, and no other ones than those of the configuration, which root alone can change, and of
these only what the image lets follow; writes their files. When the connection ends, however the daemon ended,
all of them are stopped: a node without its daemon is not the active one.
"""

import argparse
import grp
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import ClusterConfig
from hadaemon.errors import HadaemonError
from hadaemon.follow.files import HAPROXY_FOLDER, File, drop_ins, files
from hadaemon.follow.follower import Follower, followers
from hadaemon.follow.kept_unit import RESTS
from hadaemon.follow.protocol import MAX_LINE, PROPERTIES, Message, seen_of, units_of
from hadaemon.helper.main import allowed_users, peer_user
from hadaemon.io.errors import HelperError
from hadaemon.io.kernel.links import LinkTable
from hadaemon.io.kernel.netlink import read_links
from hadaemon.io.programs.run import ProgramError, run_program
from hadaemon.io.store.files import read_text, write_text
from hadaemon.io.store.haproxy_files import read_haproxy
from hadaemon.state.configuration import Configuration, load_configuration
from hadaemon.state.services_check import FOLLOWABLE, followable, may_follow
from hadaemon.text.reading import read_json
from hadaemon.vrrp.mac import interface_name

Systemctl = Callable[..., str]
"""Runs systemctl with arguments; returns its output. Raises HelperError."""

_TIMEOUT = 15.0
"""Seconds for one call; whatever takes long is not waited for."""
_LOOK = 0.2
_ORDERS = {
    "start": ("start", "--no-block"),
    "stop": ("stop", "--no-block"),
    "reload": ("reload-or-restart", "--no-block"),
    "kill": ("kill", "--kill-whom=all", "--signal=SIGKILL"),
}


@dataclass(frozen=True, slots=True)
class ServicePlaces:
    """Where things are."""

    state: Path = Path("/data/state")
    files: Path = Path("/run/hotspare/services")
    units: Path = Path("/run/systemd/system")
    followable: Path = FOLLOWABLE


class Services:
    """What one connection may do."""

    def __init__(self, places: ServicePlaces, systemctl: Systemctl, links: Callable[[], LinkTable]) -> None:
        self._places = places
        self._systemctl = systemctl
        self._links = links
        self._followers: dict[str, Follower] = {}
        self._refused: tuple[str, ...] = ()

    def answer(self, request: Message) -> Message:
        """One request's answer; never raises for what was asked."""
        try:
            verb, unit = request.get("verb"), request.get("unit")
            if verb == "configure":
                return {"ok": True, "changed": self._configure()}
            if verb == "list":
                refused = {unit: {"LoadState": "the image does not let it follow"} for unit in self._refused}
                return {"ok": True, "units": self._list(tuple(self._followers)) | refused}
            if verb in _ORDERS:
                if unit not in self._followers:
                    raise HelperError(f"{unit!r} is none of the configured units")
                self._order(str(verb), str(unit))
                return {"ok": True}
            raise HelperError(f"there is no verb {verb!r}")
        except (HadaemonError, OSError) as error:
            return {"ok": False, "error": str(error)}

    def put_down(self) -> None:
        """Stops all, and kills what does not stop in its time."""
        left = dict(reversed(self._followers.items()))
        if not left:
            return
        self._systemctl("stop", "--no-block", "--", *left)
        begin, lives = time.monotonic(), self._lives(tuple(left))
        while left:
            shown = self._list(tuple(left))
            for unit, follower in tuple(left.items()):
                seen = seen_of(unit, shown.get(unit, {}))
                if seen.phase in RESTS or seen.life != lives[unit]:
                    del left[unit]  # Another life is the next daemon's.
                elif time.monotonic() - begin > follower.stop_timeout:
                    print(f"{unit}: did not stop in time, and is killed", file=sys.stderr)
                    self._order("kill", unit)
                    del left[unit]
            if left:
                time.sleep(_LOOK)

    def _lives(self, units: Sequence[str]) -> dict[str, str]:
        shown = self._list(units)
        return {unit: seen_of(unit, shown.get(unit, {})).life for unit in units}

    def _order(self, verb: str, unit: str) -> None:
        if verb == "start":
            # What failed too often is started all the same: the daemon's own pauses grow.
            self._systemctl("reset-failed", "--", unit, check=False)
        self._systemctl(*_ORDERS[verb], "--", unit)

    def _list(self, units: Sequence[str]) -> Message:
        if not units:
            return {}
        return units_of(self._systemctl("show", f"--property={','.join(PROPERTIES)}", "--", *units), units)

    def _configure(self) -> list[str]:
        """Makes the files those of today's configuration. The answer is which units they are read by."""
        configuration = load_configuration(self._places.state)
        if configuration.node is None or configuration.cluster is None:
            raise HelperError("there is no configuration of a cluster")
        cluster, listed = configuration.cluster, followable(self._places.followable)
        services = {each.unit: may_follow(each.unit, listed) for each in cluster.follow.services}
        self._refused = tuple(unit for unit, may in services.items() if not may)
        changed = self._write(self._files(configuration, cluster))
        self._tell_systemd(drop_ins(cluster, self._refused))
        before = self._followers
        kept = (each for each in followers(cluster.follow) if each.unit not in self._refused)
        self._followers = {each.unit: each for each in kept}
        for unit in before.keys() - self._followers.keys():
            self._order("stop", unit)
        return sorted(changed & self._followers.keys())

    def _files(self, configuration: Configuration, cluster: ClusterConfig) -> tuple[File, ...]:
        node, table = configuration.node, self._links()
        assert node is not None
        found = ((port.name, table.find(port.mac, port.vlan, port.bonded)) for port in node.ports.values())
        interfaces = {name: link.name for name, link in found if link is not None}
        seats = dict(interfaces)
        if cluster.vrrp.virtual_mac:
            seats |= {each.address_port: interface_name(each.vrid, 4) for each in cluster.ha_interfaces}
        return files(node.name, cluster, interfaces, seats, read_haproxy(self._places.state))

    def _write(self, wanted: Sequence[File]) -> set[str]:
        folder, changed = self._places.files, set()
        (folder / HAPROXY_FOLDER).mkdir(mode=0o755, parents=True, exist_ok=True)
        for file in wanted:
            path = folder / file.name
            if read_text(path) != file.text:
                group = grp.getgrnam(file.group).gr_gid if file.group is not None else 0
                mode = 0o644 if file.public else 0o640 if group else 0o600
                write_text(path, file.text, mode, (0, group) if group else None)
                changed.add(file.unit)
        names = {file.name for file in wanted}
        for path in folder.rglob("*"):
            if path.is_file() and str(path.relative_to(folder)) not in names:
                path.unlink()
        return changed

    def _tell_systemd(self, wanted: dict[str, str]) -> None:
        """Drop-ins of units; systemd reads them again when one has changed."""
        changed = False
        for path in self._places.units.glob("*.d/50-hotspare-source.conf"):
            if str(path.relative_to(self._places.units)) not in wanted:
                path.unlink()
                changed = True
        for name, text in wanted.items():
            path = self._places.units / name
            if read_text(path) != text:
                path.parent.mkdir(mode=0o755, exist_ok=True)
                write_text(path, text, 0o644)
                changed = True
        if changed:
            self._systemctl("daemon-reload")


def serve(connection: socket.socket, services: Services) -> None:
    """Until the other end is gone, then all is put down."""
    try:
        with connection.makefile("rb") as lines:
            while (line := lines.readline(MAX_LINE)).endswith(b"\n"):
                try:
                    request = read_json(line)
                except ValueError:
                    break
                if not isinstance(request, dict):
                    break
                connection.sendall(json.dumps(services.answer(request)).encode() + b"\n")
    except OSError as error:
        print(f"services: {error}", file=sys.stderr)
    finally:
        services.put_down()


def systemctl(*arguments: str, check: bool = True) -> str:
    """The real one. Raises HelperError."""
    try:
        return run_program("/usr/bin/systemctl", *arguments, timeout=_TIMEOUT)
    except ProgramError as error:
        if error.status is not None and not check:
            return error.output
        said = error.said if error.status is not None else str(error)
        raise HelperError(f"systemctl {arguments[0]}: {' '.join(said.split())[:300]}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the connection on standard input; 0 when it came to its end and all is down."""
    argparse.ArgumentParser(prog="services", description=__doc__).parse_args(arguments)
    with socket.socket(fileno=os.dup(0)) as connection:
        if peer_user(connection) not in allowed_users():
            return 1
        try:
            serve(connection, Services(ServicePlaces(), systemctl, read_links))
        except HadaemonError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
