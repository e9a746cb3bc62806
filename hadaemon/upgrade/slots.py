"""The two slots of a node, as RAUC tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hadaemon.upgrade.errors import UpgradeError

NAMES = ("A", "B")


@dataclass(frozen=True, slots=True)
class Part:
    """One partition of a slot."""

    slot_class: str
    device: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Kernel and root that belong together."""

    name: str
    """`A` or `B`, as the boot loader calls it."""
    good: bool
    """The boot loader may start it."""
    version: str
    """Of the bundle that was installed; empty: it holds what the node was flashed with."""
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Slots:
    """Both."""

    compatible: str
    running: Slot
    other: Slot
    next: str
    """Which one the next start tries first."""


def parse_slots(status: Mapping[str, Any], booted: str | None) -> Slots:
    """What `rauc status --detailed --output-format=json` says. Raises UpgradeError.

    `booted` is the slot on the kernel's command line.
    """
    other = other_slot(booted)
    try:
        raw = {name: slot for entry in status["slots"] for name, slot in entry.items()}
        parents = {slot["bootname"]: name for name, slot in raw.items() if slot.get("bootname")}
        slots = {bootname: _slot(bootname, name, raw) for bootname, name in parents.items()}
        primary = raw.get(status.get("boot_primary") or "", {}).get("bootname") or booted
        return Slots(str(status["compatible"]), slots[booted or ""], slots[other], str(primary))
    except (KeyError, TypeError, AttributeError) as error:
        raise UpgradeError(f"RAUC's status cannot be understood: {error!r}") from error


def other_slot(booted: str | None) -> str:
    """The one that an update goes into. Raises UpgradeError: none is booted."""
    if booted not in NAMES:
        raise UpgradeError("this node was not started from a slot: it has no firmware to work on")
    return NAMES[1 - NAMES.index(booted)]


def _slot(bootname: str, parent: str, raw: Mapping[str, Any]) -> Slot:
    members = [raw[parent], *(slot for slot in raw.values() if slot.get("parent") == parent)]
    installed = (raw[parent].get("slot_status") or {}).get("bundle") or {}
    return Slot(
        bootname,
        raw[parent].get("boot_status") == "good",
        str(installed.get("version") or ""),
        tuple(Part(str(slot["class"]), str(slot["device"])) for slot in members),
    )
