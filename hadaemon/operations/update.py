"""Updates of one node's firmware: by a bundle, from the peer or for it, and back."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.programs import services
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.operations.asking import ask_status
from hadaemon.operations.firmware import OwnFirmware, Progress
from hadaemon.operations.firmware_sync import Fetched, fetch_and_install, fetch_staged, have_peer_pull
from hadaemon.operations.peer import peer_of
from hadaemon.state.places import own_folder
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import Offer, same
from hadaemon.upgrade.plan import under_way
from hadaemon.upgrade.slots import other_slot


@dataclass(frozen=True, slots=True)
class Installed:
    """The other slot holds it, verified."""

    version: str
    slot: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The peer's firmware is here."""

    offer: Offer
    fetched: Fetched | None
    """None: this node runs the same already."""
    slot: str


def install_update(
    firmware: OwnFirmware, control: Path, source: str, allow_downgrade: bool, progress: Progress
) -> Installed:
    """A bundle into the other slot. Raises HadaemonError."""
    _refuse_during_upgrade(firmware)
    bundle = firmware.install(source, allow_downgrade, _failing_checks(control), progress)
    return Installed(bundle.version, other_slot(firmware.release.slot))


def give_to_peer(firmware: OwnFirmware, tell: Callable[[str], None]) -> str:
    """The peer's other slot holds what this node runs; what came of it. `tell` hears the peer's own words."""
    _refuse_during_upgrade(firmware)
    with peer_of(firmware.places.state) as peer:
        return have_peer_pull(firmware, peer, tell)


def take_from_peer(firmware: OwnFirmware, control: Path, shell: Path, progress: Progress) -> Taken:
    """This node's other slot holds what the peer runs. `shell`: what rsync gets in place of a remote one."""
    _refuse_during_upgrade(firmware)
    with peer_of(firmware.places.state) as peer:
        offer = peer.offered_firmware()
    slot = other_slot(firmware.release.slot)
    if same(firmware.offer("")[0], offer):
        return Taken(offer, None, slot)
    done = fetch_and_install(firmware, offer, shell, _failing_checks(control), progress)
    return Taken(offer, done, slot)


def take_staged(firmware: OwnFirmware, shell: Path, progress: Progress) -> Fetched:
    """The bundle that the peer has staged for the upgrade of the pair is here too."""
    _refuse_during_upgrade(firmware)
    with peer_of(firmware.places.state) as peer:
        return fetch_staged(firmware, peer, shell, progress)


def roll_back_firmware(firmware: OwnFirmware) -> str:
    """The next start takes the other slot. The answer is its version; empty: as it was flashed."""
    _refuse_during_upgrade(firmware)
    return firmware.rollback()


def keep_running_firmware(firmware: OwnFirmware) -> None:
    """What runs is good, whatever the check of health says."""
    _refuse_during_upgrade(firmware)
    firmware.mark_good()


def _refuse_during_upgrade(firmware: OwnFirmware) -> None:
    """Nothing changes one node by itself while the pair is being upgraded. Raises UpgradeError."""
    if under_way(PlanFile(own_folder(firmware.places.state)).load()):
        raise UpgradeError(
            "an upgrade of the pair is under way: wait for its end, or call it off "
            "(`hactl firmware upgrade --call-off`)"
        )


def _failing_checks(control: Path) -> tuple[str, ...]:
    """The checks of health that the firmware that runs does not pass either. Without an answer: none."""
    try:
        failing = tuple(ask_status(control).node.firmware.failing)
    except HadaemonError:
        failing = ()
    return (*failing, "units") if services.failed_units() else failing
