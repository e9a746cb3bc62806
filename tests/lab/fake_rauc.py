"""A RAUC whose slots are files in a folder, for tests without a booted node, and bundles that it takes.

Run as a program it answers as the real one does; its state is in `rauc.json`. A bundle has the real layout,
with its manifest in JSON in place of the signature.
"""

import fcntl
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__)
BLOCK = 4096
_SALT = bytes(range(32))


class FakeRauc:
    """The state of the two slots, from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store({"booted": "A", "next": "A", "good": {"A": True, "B": True}, "versions": {}, "calls": []})

    @property
    def rauc(self) -> dict[str, Any]:
        """As it is now."""
        found = json.loads((self.folder / "rauc.json").read_text())
        assert isinstance(found, dict)
        return found

    def change(self, **values: object) -> None:
        """Makes it otherwise."""
        self._store({**self.rauc, **values})

    def fill(self, slot: str, bundle: Path) -> None:
        """The slot holds what the bundle does, as after flashing."""
        found, content = manifest(bundle), bundle.read_bytes()
        assert found is not None
        for image in found["images"]:
            part = content[image["at"] : image["at"] + image["size"]]
            (self.folder / f"{image['slot-class']}-{slot}").write_bytes(part)

    def _store(self, state: dict[str, Any]) -> None:
        store(self.folder / "rauc.json", state)


def make_bundle(
    path: Path,
    root_hash: Callable[[Iterable[bytes], bytes], bytes],
    version: str = "2.0",
    compatible: str = "hotspare-test",
    signer: str = "us",
    noise: bytes = b"r" * 39 * BLOCK,
) -> Path:
    """Payload, hash tree, manifest and its length. `root_hash`: dm-verity's, of blocks and a salt."""
    contents = {"bootfs": b"k" * BLOCK, "rootfs": version.encode().ljust(BLOCK, b"r") + noise}
    payload = b"".join(contents.values())
    root = root_hash((payload[at : at + BLOCK] for at in range(0, len(payload), BLOCK)), _SALT)
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
            "verity-salt": _SALT.hex(),
            "verity-size": len(tree),
        },
    }
    signature = json.dumps(manifest).encode()
    path.write_bytes(payload + tree + signature + len(signature).to_bytes(8, "big"))
    return path


def store(path: Path, state: dict[str, Any]) -> None:
    """In one step: others read it at any time."""
    staged = path.with_suffix(".new")
    staged.write_text(json.dumps(state))
    staged.replace(path)


def main(folder: Path, arguments: list[str]) -> int:
    """One call of the program, one at a time as with the real service."""
    with (folder / "rauc.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return call(folder, arguments)


def call(folder: Path, arguments: list[str]) -> int:
    """What it does."""
    path = folder / "rauc.json"
    state = json.loads(path.read_text())
    state["calls"].append(" ".join(arguments))
    try:
        match arguments:
            case ["status", "--detailed", _]:
                print(json.dumps(status(folder, state)))
            case ["info", _, bundle]:
                return info(place(folder, bundle))
            case ["install", bundle]:
                return install(folder, state, place(folder, bundle))
            case ["status", verb, which]:
                mark(state, verb.removeprefix("mark-"), which)
            case _:
                return fail(f"unknown: {arguments}")
    finally:
        store(path, state)
    return 0


def place(folder: Path, source: str) -> Path:
    """The web is the folder."""
    return folder / source.rpartition("/")[2] if "://" in source else Path(source)


def manifest(bundle: Path) -> dict[str, Any] | None:
    """The manifest is at the end, as the signature of a real one: its length in the last eight bytes."""
    data = bundle.read_bytes()
    length = int.from_bytes(data[-8:], "big")
    if len(data) < 8 or length > len(data) - 8:
        return None
    found = json.loads(data[-8 - length : -8])
    assert isinstance(found, dict)
    return found


def info(bundle: Path) -> int:
    """The manifest, or what the real one says to a bad bundle."""
    if not bundle.exists():
        return fail(f"No such file: {bundle}")
    found = manifest(bundle)
    if found is None:
        return fail("Invalid bundle format: Signature size (123) exceeds bundle size")
    if found.pop("signer", "us") != "us":
        return fail("signature verification failed: Verify error: self-signed certificate")
    print(json.dumps(found))
    return 0


def install(folder: Path, state: dict[str, Any], bundle: Path) -> int:
    """Writes the other slot."""
    found = manifest(bundle)
    assert found is not None
    other = "BA"["AB".index(state["booted"])]
    state["good"][other] = False
    if state.get("fails"):
        print("  0% Installing\nLastError: " + state["fails"])
        return 1
    payload = bundle.read_bytes()
    for image in found["images"]:
        content = payload[image["at"] : image["at"] + image["size"]]
        if state.get("rots"):
            content = b"x" + content[1:]
        (folder / f"{image['slot-class']}-{other}").write_bytes(content)
    state["versions"][other] = found["update"]["version"]
    print("  0% Installing\n 50% Copying image to rootfs.1 done.\n100% Installing done.")
    return 0


def mark(state: dict[str, Any], verb: str, which: str) -> None:
    """good, bad or active."""
    booted = state["booted"]
    slot = booted if which == "booted" else "BA"["AB".index(booted)]
    state["good"][slot] = verb != "bad"
    if verb == "active":
        state["next"] = slot


def status(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
    """Both slots, as the real one prints them."""
    slots = []
    for number, name in enumerate("AB"):
        version = state["versions"].get(name)
        installed = {"bundle": {"version": version}} if version else {}
        good = "good" if state["good"][name] else "bad"
        device = {kind: str(folder / f"{kind}-{name}") for kind in ("bootfs", "rootfs")}
        boot = {"class": "bootfs", "device": device["bootfs"], "bootname": name, "parent": None}
        root = {"class": "rootfs", "device": device["rootfs"], "bootname": None}
        slots.append({f"bootfs.{number}": {**boot, "boot_status": good, "slot_status": installed}})
        slots.append({f"rootfs.{number}": {**root, "parent": f"bootfs.{number}", "slot_status": installed}})
    primary = f"bootfs.{'AB'.index(state['next'])}"
    return {"compatible": "hotspare-test", "booted": "A", "boot_primary": primary, "slots": slots}


def fail(text: str) -> int:
    """In the words of the real one."""
    print(f"rauc-Message: 12:00:00: Reading\n{text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
