"""A node with two slots and a RAUC, in a folder; and bundles for it."""

import sys
from functools import partial
from pathlib import Path

from hadaemon.io.firmware.rauc import Rauc
from hadaemon.operations.firmware import FirmwarePlaces, OwnFirmware
from hadaemon.state.release import Release
from hadaemon.upgrade.bundle import root_hash
from tests.lab import fake_rauc
from tests.lab.fake_rauc import PROGRAM, FakeRauc

make_bundle = partial(fake_rauc.make_bundle, root_hash=root_hash)


class FirmwareNode(FakeRauc):
    """`boot` starts it anew from a slot, as another life of its kernel."""

    def __init__(self, folder: Path, version: str = "1.0") -> None:
        super().__init__(folder)
        self.places = FirmwarePlaces(folder / "state", folder / "bundles", folder)
        (folder / "state").mkdir()
        self.versions = {"A": version, "B": version}
        self.life = 1

    def boot(self, slot: str) -> None:
        self.life += 1
        self.change(booted=slot)

    def firmware(self) -> OwnFirmware:
        rauc = Rauc((sys.executable, "-P", str(PROGRAM), str(self.folder)))
        booted = self.rauc["booted"]
        release = Release(self.rauc["versions"].get(booted, self.versions[booted]), booted)
        return OwnFirmware(self.places, rauc, release, lambda: f"life {self.life}")

    def install(self, source: Path | str, allow_downgrade: bool = False) -> list[tuple[str, int]]:
        """The progress that was shown."""
        shown: list[tuple[str, int]] = []
        self.firmware().install(str(source), allow_downgrade, ("hotwire",), lambda *each: shown.append(each))
        return shown
