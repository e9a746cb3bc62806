"""What the daemon may have done to the firmware, as root, by the helper's verbs: no argument from outside.

A slot can be marked good; it can be given up only while it is on trial. What belongs to the upgrade of the
pair is done only while a plan of it is under way; what is installed then is the bundle that root has staged.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.firmware.rauc import Rauc
from hadaemon.io.programs.services import failed_units, restart_node, start_firmware_upgrade, starting_units
from hadaemon.io.store.plan_file import PlanFile
from hadaemon.io.store.trial_file import end_trial, read_trial
from hadaemon.operations.firmware import FirmwarePlaces, OwnFirmware, go_back
from hadaemon.state.places import own_folder
from hadaemon.state.release import Release, boot_id, running_release
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import WORK_LOG
from hadaemon.upgrade.slots import Slots, parse_slots
from hadaemon.upgrade.trial import Check, Outlook, outlook

VERBS = ("good", "back", "over", "failed-units", "bad-slot")
KEEP_FLASHED = "keep-flashed"
"""For its unit alone: the helper has no verb for it."""
UPGRADE_VERBS = ("state", "start-work", "work", "go-back", "stay", "restart")


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: not, the reason is on standard error."""
    parser = argparse.ArgumentParser(prog="firmware", description=__doc__)
    parser.add_argument("verb", choices=(*VERBS, KEEP_FLASHED, *UPGRADE_VERBS))
    parser.add_argument("--state", type=Path, default=Path("/data/state"))
    parser.add_argument("--bundles", type=Path, default=Path("/data/firmware"))
    parser.add_argument("--run", type=Path, default=Path("/run/hotspare"))
    parser.add_argument("--esp", type=Path, default=Path("/run/hotspare/disk/esp"))
    parser.add_argument("--rauc", default="/usr/bin/rauc", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    rauc = Rauc((options.rauc,))
    try:
        if options.verb in (KEEP_FLASHED, *UPGRADE_VERBS):
            firmware = OwnFirmware(FirmwarePlaces(options.state, options.bundles, options.run), rauc)
            keeps = options.verb == KEEP_FLASHED
            done = _keep_flashed(firmware, options.esp) if keeps else upgrade(options.verb, firmware)
        else:
            done = run(options.verb, options.state, rauc, running_release(), boot_id())
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    if done:
        print(done)
    if options.verb in ("back", "restart"):
        restart_node()
    return 0


def run(verb: str, state: Path, rauc: Rauc, release: Release, boot: str) -> str:
    """The verb's answer. Raises HadaemonError."""
    match verb:
        case "good":
            rauc.mark_good()
            if outlook(read_trial(state), release.slot, boot) is Outlook.ON_TRIAL:
                end_trial(state)
        case "back":
            go_back(state, rauc, release, boot)
        case "over":
            if outlook(read_trial(state), release.slot, boot) is Outlook.FELL_BACK:
                end_trial(state)
        case "failed-units":
            return _not_up()
        case "bad-slot":
            # The running one counts as bad until it was marked good: on trial, it says so elsewhere.
            other = parse_slots(rauc.status(), release.slot).other
            return "" if other.good else other.name
    return ""


def _not_up() -> str:
    """The units that speak against the firmware; empty: none."""
    found = (("failed", failed_units()), ("still starting", starting_units()))
    return "; ".join(f"{what}: {' '.join(units)}" for what, units in found if units)


def _keep_flashed(firmware: OwnFirmware, esp: Path) -> str:
    """`esp`: a partition of the disk that the node runs from."""
    # Once in the life of a disk: everybody else who loads this module has no use for them.
    from hadaemon.io.firmware.flashed_bundle import find_partition
    from hadaemon.operations.flashed import keep_flashed

    partition = find_partition(esp)
    version = keep_flashed(firmware, partition, _Lines().show) if partition is not None else ""
    return f"the bundle of {version} is kept" if version else "there is no bundle to keep"


def upgrade(verb: str, firmware: OwnFirmware) -> str:
    """A verb of the upgrade of the pair. Raises HadaemonError."""
    if verb == "state":
        return json.dumps(_state(firmware.slots()))
    plan = PlanFile(own_folder(firmware.places.state)).load()
    if plan is None or (plan.closed and verb not in ("start-work", "work")):
        raise UpgradeError("no upgrade of the pair is under way")
    match verb:
        case "start-work":
            (firmware.places.run / WORK_LOG).unlink(missing_ok=True)
            start_firmware_upgrade()
        case "work" if plan.closed:
            firmware.unstage()
        case "work":
            already = (Check.UNITS,) if failed_units() else ()
            firmware.install_staged(plan.digest, already, _Lines().show)
        case "go-back":
            firmware.go_back_to(plan.before)
        case "stay":
            firmware.stay()
    return ""


def _state(slots: Slots) -> dict[str, object]:
    """`version`: what was installed into the other slot; empty: as it was flashed."""
    running = slots.running
    return {
        "running": running.name,
        "running_good": running.good,
        "next": slots.next,
        "version": slots.other.version,
    }


class _Lines:
    """Progress, a line for each step."""

    def __init__(self) -> None:
        self._doing = ""

    def show(self, doing: str, _: int) -> None:
        """Percents would fill the log."""
        if doing != self._doing:
            self._doing = doing
            print(doing, flush=True)


if __name__ == "__main__":
    sys.exit(main())
