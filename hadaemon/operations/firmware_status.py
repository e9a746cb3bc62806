"""How the firmware of this node stands: both slots, what is on trial, what is next."""

from dataclasses import dataclass
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.operations.asking import ask_status
from hadaemon.operations.firmware import OwnFirmware
from hadaemon.status.parts import UpgradeStatus
from hadaemon.upgrade.slots import Slot
from hadaemon.upgrade.trial import Outlook


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One of the two."""

    slot: str
    version: str
    """Empty: as it was flashed."""
    running: bool
    good: bool
    bundle: bool
    """Its bundle is kept here."""


@dataclass(frozen=True, slots=True)
class FirmwareStatus:
    """How the firmware of this node stands."""

    compatible: str
    next: str
    """The slot that the next restart takes."""
    trial: Outlook
    slots: tuple[SlotStatus, SlotStatus]
    """The running one first."""
    upgrade: UpgradeStatus | None
    """That of the pair, as the daemon tells it."""


def firmware_status(firmware: OwnFirmware, control: Path) -> FirmwareStatus:
    """Raises HadaemonError; without a daemon nothing is said of an upgrade."""
    slots = firmware.slots()
    running = _slot(firmware, slots.running, firmware.release.version or "", running=True)
    other = _slot(firmware, slots.other, slots.other.version, running=False)
    return FirmwareStatus(
        slots.compatible, slots.next, firmware.outlook(), (running, other), _upgrade(control)
    )


def _slot(firmware: OwnFirmware, slot: Slot, version: str, running: bool) -> SlotStatus:
    return SlotStatus(slot.name, version, running, slot.good, firmware.kept_bundle(slot.name) is not None)


def _upgrade(control: Path) -> UpgradeStatus | None:
    try:
        return ask_status(control).node.upgrade
    except HadaemonError:
        return None
