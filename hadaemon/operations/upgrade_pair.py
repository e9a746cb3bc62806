"""The upgrade of both nodes is begun, or called off; the daemons carry it out."""

import time
from collections.abc import Callable
from pathlib import Path

from hadaemon.control.answers import UpgradeBegun, UpgradeCalledOff, UpgradePossible
from hadaemon.control.requests import BeginUpgrade, CallUpgradeOff, CheckUpgrade
from hadaemon.operations.asking import ask_daemon, ask_status
from hadaemon.operations.changing import NodePaths, changing
from hadaemon.operations.firmware import OwnFirmware, Progress
from hadaemon.operations.firmware_sync import have_peer_stage
from hadaemon.operations.peer import ANSWER_TIME, peer_of
from hadaemon.status.hotwire import PairedHotwire
from hadaemon.upgrade.bundle import Bundle

_LOOK = 0.25
_ADOPTED = 15.0
"""Seconds in which the other node has to have heard of the plan."""


def begin_upgrade(
    paths: NodePaths,
    firmware: OwnFirmware,
    source: str,
    allow_downgrade: bool,
    progress: Progress,
    tell: Callable[[str], None],
) -> None:
    """Both nodes have the bundle, and the plan is written; or nothing was changed.

    `tell` hears how it goes on. Raises HadaemonError.
    """
    ask_daemon(paths.control, CheckUpgrade(), UpgradePossible)
    with changing(paths, "firmware upgrade") as (_, holder), peer_of(paths.state) as peer:
        peer.lock(holder)
        bundle = firmware.stage(source, allow_downgrade, progress)
        try:
            have_peer_stage(peer, tell)
            _write_plan(paths.control, bundle, tell)
        except BaseException:
            firmware.unstage()
            raise


def call_off_upgrade(control: Path) -> str:
    """Both nodes go back to the version before, or stay there; what the daemon says of it."""
    return ask_daemon(control, CallUpgradeOff(), UpgradeCalledOff).reason


def _write_plan(control: Path, bundle: Bundle, tell: Callable[[str], None]) -> None:
    begun = ask_daemon(control, BeginUpgrade(bundle.version, bundle.digest), UpgradeBegun, ANSWER_TIME)
    tell(f"the upgrade to {bundle.version} has begun: {begun.first} first, then {begun.second}")
    # The locks are held until the other node knows: so nobody begins another one there.
    until = time.monotonic() + _ADOPTED
    while time.monotonic() < until and _heard_of(control) != begun.number:
        time.sleep(_LOOK)


def _heard_of(control: Path) -> int | None:
    """The number of the other node's plan."""
    hotwire = ask_status(control).node.hotwire
    if not isinstance(hotwire, PairedHotwire) or hotwire.peer is None:
        return None
    plan = hotwire.peer.vitals.upgrade.plan
    return plan.number if plan is not None else None
