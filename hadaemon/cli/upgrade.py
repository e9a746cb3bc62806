"""`hactl firmware upgrade`: both nodes of the pair, one after the other, as one transaction."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hadaemon.cli.asking import CommandFailed, Exit, ask_daemon, ask_status
from hadaemon.cli.config_changes import holder_of, own

if TYPE_CHECKING:
    from collections.abc import Callable

    from hadaemon.operations.firmware import OwnFirmware, Progress
    from hadaemon.upgrade.bundle import Bundle

SUMMARY = "upgrade both nodes, one after the other, without anyone noticing"
TEXT = (
    "Brings a signed update bundle to both nodes. Then the spare one installs it, restarts on trial, and "
    "takes over when it is well and has every connection; the other one follows. Whatever fails, both end "
    "on one version. It goes on by itself, after a loss of power too: this command only shows it."
)
PEER_TIMEOUT = 45.0
"""Seconds for one answer of the peer."""
_LOOK = 1.0
_ADOPTED = 15.0
"""Seconds in which the other node has to have heard of the plan."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Of the command."""
    command.add_argument("source", nargs="?", metavar="FILE|URL", help="a signed update bundle (.raucb)")
    command.add_argument(
        "--allow-downgrade", action="store_true", help="even if it is not newer than what runs"
    )
    command.add_argument("--no-wait", action="store_true", help="do not show how it goes on")
    command.add_argument(
        "--call-off", action="store_true", help="both nodes go back to the version before, or stay there"
    )


def run(options: argparse.Namespace, firmware: "OwnFirmware", progress: "Progress") -> None:
    """The command. Raises CommandFailed, HadaemonError."""
    from hadaemon.control.answers import UpgradeCalledOff, UpgradePossible
    from hadaemon.control.requests import CallUpgradeOff, CheckUpgrade

    if options.call_off:
        print(ask_daemon(options.socket, CallUpgradeOff(), UpgradeCalledOff).reason)
        return
    if options.source is None:
        raise CommandFailed(Exit.REFUSED, "which bundle? give a FILE or an URL, or --call-off")
    ask_daemon(options.socket, CheckUpgrade(), UpgradePossible)
    begin(options, firmware, progress)
    if not options.no_wait:
        follow(options.socket)


def begin(options: argparse.Namespace, firmware: "OwnFirmware", progress: "Progress") -> None:
    """Both nodes have the bundle, and the plan is written; or nothing was changed."""
    from hadaemon.io.store.pair_lock import locked
    from hadaemon.operations.firmware_sync import have_peer_stage
    from hadaemon.operations.peer import peer_of

    here = own(options)
    holder = holder_of(options, here, "firmware upgrade")
    with locked(options.run_folder, here.name, holder), peer_of(here.state, PEER_TIMEOUT) as peer:
        peer.lock(holder)
        bundle = firmware.stage(options.source, options.allow_downgrade, progress)
        try:
            have_peer_stage(peer, lambda line: print(line, flush=True))
            _write_plan(options, bundle)
        except BaseException:
            firmware.unstage()
            raise


def _write_plan(options: argparse.Namespace, bundle: "Bundle") -> None:
    from hadaemon.control.answers import UpgradeBegun
    from hadaemon.control.requests import BeginUpgrade

    request = BeginUpgrade(bundle.version, bundle.digest)
    begun = ask_daemon(options.socket, request, UpgradeBegun, PEER_TIMEOUT)
    print(f"the upgrade to {bundle.version} has begun: {begun.first} first, then {begun.second}", flush=True)
    # The locks are held until the other node knows: so nobody begins another one there.
    until = time.monotonic() + _ADOPTED
    while time.monotonic() < until:
        if _number_at_peer(options.socket) == begun.number:
            return
        time.sleep(_LOOK / 4)


def _number_at_peer(socket: Path) -> int | None:
    """Of the upgrade that the other node tells of; None: of none."""
    from hadaemon.status.hotwire import PairedHotwire

    hotwire = ask_status(socket).told.hotwire
    if not isinstance(hotwire, PairedHotwire) or hotwire.peer is None:
        return None
    plan = hotwire.peer.vitals.upgrade.plan
    return plan.number if plan is not None else None


def follow(socket: Path, wait: "Callable[[float], None]" = time.sleep) -> None:
    """Prints what is new, until the upgrade is over or this node restarts for it."""
    from hadaemon.cli.upgrade_lines import upgrade_lines
    from hadaemon.upgrade.plan import Verdict

    shown: list[str] = []
    while True:
        try:
            upgrade = ask_status(socket).told.upgrade
        except CommandFailed as failure:
            if failure.code is not Exit.NO_DAEMON:
                raise
            print("this node restarts: see `hactl firmware status` afterwards")
            return
        lines = list(upgrade_lines(upgrade))
        if lines != shown:
            print("\n".join(line for line in lines if line not in shown), flush=True)
            shown = lines
        if upgrade is not None and upgrade.plan.closed:
            if upgrade.plan.verdict is not Verdict.COMMITTED:
                raise CommandFailed(
                    Exit.REFUSED, f"both nodes are on {upgrade.plan.before}: {upgrade.plan.reason}"
                )
            return
        wait(_LOOK)
