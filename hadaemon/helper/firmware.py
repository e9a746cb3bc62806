"""What the daemon may have done to the firmware, as root, by the helper's verbs: no argument from outside.

A slot can be marked good; it can be given up only while it is on trial.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.rauc import Rauc
from hadaemon.io.services import failed_units, restart_node
from hadaemon.runtime.firmware import end_trial, go_back, read_trial
from hadaemon.runtime.release import Release, boot_id, running_release
from hadaemon.upgrade.slots import parse_slots
from hadaemon.upgrade.trial import Outlook, outlook


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 1: not, the reason is on standard error."""
    parser = argparse.ArgumentParser(prog="firmware", description=__doc__)
    parser.add_argument("verb", choices=("good", "back", "over", "failed-units", "bad-slots"))
    parser.add_argument("--state", type=Path, default=Path("/data/state"))
    options = parser.parse_args(arguments)
    try:
        done = run(options.verb, options.state, Rauc(), running_release(), boot_id())
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1
    if done:
        print(done)
    if options.verb == "back":
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
            return " ".join(failed_units())
        case "bad-slots":
            slots = parse_slots(rauc.status(), release.slot)
            return " ".join(slot.name for slot in (slots.running, slots.other) if not slot.good)
    return ""


if __name__ == "__main__":
    sys.exit(main())
