"""Nodes with a firmware, in namespaces: real daemons, the real root helper's verbs, and a RAUC of files.

A restart ends the daemon in good order; then a boot loader chooses, and another life begins from its slot.
"""

import socketserver
import sys
import threading
from functools import partial
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.helper import firmware as helper
from hadaemon.io.firmware.rauc import Rauc
from hadaemon.io.sockets.control_client import Message, ask
from hadaemon.operations.firmware import FirmwarePlaces, OwnFirmware
from hadaemon.state.release import Release
from hadaemon.upgrade.bundle import root_hash
from hadaemon.upgrade.offer import WORK_LOG
from tests.lab import fake_rauc
from tests.lab.fake_rauc import PROGRAM, FakeRauc

from .hotwire import HotwireNode
from .waiting import stretched

make_bundle = partial(fake_rauc.make_bundle, root_hash=root_hash)
BEFORE, TARGET = "1.0", "2.0"
_SITE = """
import os
from pathlib import Path
from hadaemon.daemon.health import watchdog as health
from hadaemon.daemon.health import probation
from hadaemon.state import release
from hadaemon.upgrade import fitness
place = Path(os.environ["HOTSPARE_TEST_RELEASE"])
release.OS_RELEASE, release.KERNEL_COMMAND_LINE = place / "os-release", place / "cmdline"
release.BOOT_ID = place / "boot-id"
health.STABLE = probation.STABLE = fitness.STABLE = 1.0
probation.PATIENCE, fitness.PATIENCE, fitness.SOAK = 4.0, 30.0, 2.0
"""
_RELEASE_VERBS = {"mark-good": "good", "trial-back": "back", "trial-over": "over"}
_UPGRADE_VERBS = {
    "firmware-state": "state",
    "upgrade-work": "start-work",
    "upgrade-back": "go-back",
    "upgrade-off": "stay",
    "upgrade-restart": "restart",
}


class Appliance:
    """One node's disk, boot loader and helper; `node` is its daemon."""

    def __init__(self, node: HotwireNode, bundles: Path) -> None:
        self.node = node
        self.folder = node.folder
        node.configure()
        self.rauc = FakeRauc(self.folder)
        for slot in "AB":
            self.rauc.fill(slot, make_bundle(bundles / f"{node.name}.raucb", version=BEFORE))
        self.sick = False
        """A unit of the new version fails on it."""
        self.life = 0
        (self.folder / "site").mkdir()
        (self.folder / "site/sitecustomize.py").write_text(_SITE)
        node.environment = {
            "PYTHONPATH": str(self.folder / "site"),
            "HOTSPARE_TEST_RELEASE": str(self.folder),
        }
        self._restarts = threading.Event()
        self._server = _Server(str(self.folder / "helper.sock"), self)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def version(self) -> str:
        """That runs."""
        found = self.rauc.rauc
        return str(found["versions"].get(found["booted"], BEFORE))

    def firmware(self) -> OwnFirmware:
        """As root has it."""
        places = FirmwarePlaces(self.node.state_folder, self.folder / "bundles", self.folder)
        rauc = Rauc((sys.executable, "-P", str(PROGRAM), str(self.folder)))
        release = Release(self.version, self.rauc.rauc["booted"])
        return OwnFirmware(places, rauc, release, lambda: f"life {self.life}")

    def boot(self) -> None:
        """Another life, from the slot that the boot loader chooses."""
        found = self.rauc.rauc
        slot = found["next"] if found["good"][found["next"]] else "BA"["AB".index(found["next"])]
        self.rauc.change(booted=slot)
        self.life += 1
        (self.folder / "cmdline").write_text(f"quiet rauc.slot={slot}\n")
        (self.folder / "os-release").write_text(f"IMAGE_VERSION={self.version}\n")
        (self.folder / "boot-id").write_text(f"life {self.life}\n")
        (self.folder / WORK_LOG).unlink(missing_ok=True)
        self.node.start()

    def live(self) -> None:
        """Restarts, if the helper was asked for it."""
        if self._restarts.is_set():
            self._restarts.clear()
            assert self.node.daemon is not None
            self.node.daemon.terminate()
            self.node.wait_end()
            self.boot()

    def cut(self) -> None:
        """Power is lost, and comes back."""
        self.node.kill()
        self._restarts.clear()
        self.boot()

    def ask(self, message: Message) -> Message:
        """The daemon."""
        return ask(self.folder / "run" / "control.sock", message, timeout=stretched(5.0))

    def upgrade(self) -> Message:
        """The plan, as the status has it; empty while there is none or no answer."""
        found = self.node.status().get("upgrade") or {}
        assert isinstance(found, dict)
        return found

    def answer(self, verb: str) -> str:
        """The helper's line."""
        try:
            return f"ok {self._do(verb)}".rstrip()
        except HadaemonError as error:
            return f"error {error}"

    def _do(self, verb: str) -> str:
        own = self.firmware()
        if verb == "failed-units":
            return "failed: hotspare-firewall.service" if self.sick and self.version == TARGET else ""
        if verb in _RELEASE_VERBS:
            rauc = Rauc((sys.executable, "-P", str(PROGRAM), str(self.folder)))
            life = f"life {self.life}"
            done = helper.run(_RELEASE_VERBS[verb], self.node.state_folder, rauc, own.release, life)
        elif verb in _UPGRADE_VERBS:
            done = helper.upgrade(_UPGRADE_VERBS[verb], own)
        else:
            return ""
        if verb == "upgrade-work":
            threading.Thread(target=self._work, args=(own,)).start()
        if verb in ("upgrade-restart", "trial-back"):
            self._restarts.set()
        return done

    def _work(self, own: OwnFirmware) -> None:
        """The unit."""
        lines, status = ["working"], 0
        try:
            helper.upgrade("work", own)
        except HadaemonError as error:
            lines, status = [str(error)], 1
        (self.folder / WORK_LOG).write_text("\n".join([*lines, f"end {status}"]) + "\n")


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, appliance: Appliance) -> None:
        self.appliance = appliance
        super().__init__(path, _Handler)


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        verb = self.rfile.readline().decode().strip()
        self.wfile.write(self.server.appliance.answer(verb).encode() + b"\n")
