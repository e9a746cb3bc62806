"""`hactl firmware upgrade`: both nodes of the pair, one after the other, as one transaction."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.firmware import ProgressBar
from hadaemon.cli.firmware_places import add_firmware_places, firmware_of
from hadaemon.cli.places import paths_of
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.errors import NoDaemon
from hadaemon.language.speech import _, told
from hadaemon.operations.asking import ask_status
from hadaemon.operations.upgrade_pair import begin_upgrade, call_off_upgrade
from hadaemon.upgrade.plan import Verdict

_LOOK = 1.0
"""Seconds."""


def add_upgrade(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("source", nargs="?", metavar="FILE|URL", help="a signed update bundle (.raucb)")
    command.add_argument(
        "--allow-downgrade", action="store_true", help="even if it is not newer than what runs"
    )
    command.add_argument("--no-wait", action="store_true", help="do not show how it goes on")
    command.add_argument(
        "--call-off", action="store_true", help="both nodes go back to the version before, or stay there"
    )
    add_firmware_places(command)
    command.set_defaults(run=_upgrade)


def _upgrade(options: argparse.Namespace) -> None:
    if options.call_off:
        print(told(call_off_upgrade(options.socket)))
        return
    if options.source is None:
        raise CommandFailed(Exit.REFUSED, _("which bundle? give a FILE or an URL, or --call-off"))
    with ProgressBar() as bar:
        begin_upgrade(
            paths_of(options),
            firmware_of(options),
            options.source,
            options.allow_downgrade,
            bar.show,
            lambda line: print(told(line), flush=True),
        )
    if not options.no_wait:
        follow(options.socket)


def follow(socket: Path, wait: Callable[[float], None] = time.sleep) -> None:
    """Prints what is new, until the upgrade is over or this node restarts for it."""
    shown: list[str] = []
    while True:
        try:
            upgrade = ask_status(socket).node.upgrade
        except NoDaemon:
            print(_("this node restarts: see `hactl firmware status` afterwards"))
            return
        lines = list(upgrade_lines(upgrade))
        if lines != shown:
            print("\n".join(line for line in lines if line not in shown), flush=True)
            shown = lines
        if upgrade is not None and upgrade.plan.closed:
            if upgrade.plan.verdict is not Verdict.COMMITTED:
                both = _("both nodes are on {version}").format(version=upgrade.plan.before)
                raise CommandFailed(Exit.REFUSED, f"{both}: {told(upgrade.plan.reason)}")
            return
        wait(_LOOK)
