"""A RAUC of two files in a folder: it knows bundles as JSON, and does to its slots what the real one does."""

import json
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__)


def main(folder: Path, arguments: list[str]) -> int:
    path = folder / "rauc.json"
    state = json.loads(path.read_text())
    state["calls"].append(" ".join(arguments))
    try:
        match arguments:
            case ["status", "--detailed", _]:
                print(json.dumps(status(folder, state)))
            case ["info", _, bundle]:
                return info(Path(bundle))
            case ["install", bundle]:
                return install(folder, state, Path(bundle))
            case ["status", verb, which]:
                mark(state, verb.removeprefix("mark-"), which)
            case _:
                return fail(f"unknown: {arguments}")
    finally:
        path.write_text(json.dumps(state))
    return 0


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
    booted = state["booted"]
    slot = booted if which == "booted" else "BA"["AB".index(booted)]
    state["good"][slot] = verb != "bad"
    if verb == "active":
        state["next"] = slot


def status(folder: Path, state: dict[str, Any]) -> dict[str, Any]:
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
    print(f"rauc-Message: 12:00:00: Reading\n{text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
