"""A node with two slots and a RAUC, in a folder; and bundles for it."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from hadaemon.io.rauc import Rauc
from hadaemon.runtime.firmware import OwnFirmware, Places
from hadaemon.runtime.release import Release
from hadaemon.upgrade.bundle import BLOCK, root_hash

from .rauc import PROGRAM

SALT = bytes(range(32))


class FirmwareNode:
    """`boot` starts it anew from a slot, as another life of its kernel."""

    def __init__(self, folder: Path, version: str = "1.0") -> None:
        self.folder = folder
        self.places = Places(folder / "state", folder / "bundles", folder)
        (folder / "state").mkdir()
        self.versions = {"A": version, "B": version}
        self.life = 1
        self._store({"booted": "A", "next": "A", "good": {"A": True, "B": True}, "versions": {}, "calls": []})

    @property
    def rauc(self) -> dict[str, Any]:
        found = json.loads((self.folder / "rauc.json").read_text())
        assert isinstance(found, dict)
        return found

    def change(self, **values: object) -> None:
        self._store({**self.rauc, **values})

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

    def _store(self, state: dict[str, Any]) -> None:
        (self.folder / "rauc.json").write_text(json.dumps(state))


def make_bundle(
    path: Path, version: str = "2.0", compatible: str = "hotspare-test", signer: str = "us"
) -> Path:
    """Payload, hash tree, manifest and its length: the layout of a real one."""
    contents = {"bootfs": b"k" * BLOCK, "rootfs": version.encode().ljust(40 * BLOCK, b"r")}
    payload = b"".join(contents.values())
    root = root_hash((payload[at : at + BLOCK] for at in range(0, len(payload), BLOCK)), SALT)
    tree = bytes(BLOCK)
    manifest = {
        "signer": signer,
        "update": {"version": version, "compatible": compatible},
        "images": [
            {
                "slot-class": name,
                "checksum": hashlib.sha256(content).hexdigest(),
                "size": len(content),
                "at": payload.index(content),
            }
            for name, content in contents.items()
        ],
        "manifest-hash": hashlib.sha256(payload + signer.encode()).hexdigest(),
        "bundle": {
            "format": "verity",
            "verity-hash": root.hex(),
            "verity-salt": SALT.hex(),
            "verity-size": len(tree),
        },
    }
    signature = json.dumps(manifest).encode()
    path.write_bytes(payload + tree + signature + len(signature).to_bytes(8, "big"))
    return path
