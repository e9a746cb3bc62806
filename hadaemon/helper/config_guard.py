"""Waits until a change that needs a confirmation was confirmed, or undoes it when its time is over.

Started by `hactl config apply --confirm`; with `--once` at each boot: a change that was waiting when the
machine went down goes back at once, before the cluster starts.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.pair_lock import LockedError, locked
from hadaemon.operations.own_configuration import OwnConfiguration, now_text
from hadaemon.sync.holder import Holder

_LOOK = 1.0
"""Seconds: how late an undo can be."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing waits any more; 1: the undo failed, the reason is on standard error."""
    parser = argparse.ArgumentParser(prog="config-guard", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("/data/state"))
    parser.add_argument("--run", type=Path, default=Path("/run/hotspare"))
    parser.add_argument("--socket", type=Path, default=Path("/run/hadaemon/control.sock"))
    parser.add_argument("--once", action="store_true", help="undo what is due, and wait for nothing")
    options = parser.parse_args(arguments)
    here = OwnConfiguration(options.state, options.socket)
    try:
        while True:
            left = here.seconds_left()
            if left is None:
                return 0
            if left <= 0 and _undone(here, options.run):
                return 0
            if options.once:
                return 0
            time.sleep(min(max(left, 0.1), _LOOK))
    except HadaemonError as error:
        print(error, file=sys.stderr)
        return 1


def _undone(here: OwnConfiguration, run: Path) -> bool:
    """False: somebody is at work; soon again."""
    try:
        with locked(
            run, here.name, Holder("nobody", here.name, now_text(), "the confirmation's time is over")
        ):
            print(here.go_back())
    except LockedError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
