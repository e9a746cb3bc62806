"""The peer's firmware becomes this node's: its bundle over the hotwire, then as any other update."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.bundle_file import check_space
from hadaemon.io.rsync import fetch
from hadaemon.runtime.firmware import OwnFirmware, Progress
from hadaemon.runtime.peer import Peer
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import Offer, check_offer, same

_FILE = "from-peer.raucb"
_LOOK = 0.5
_PATIENCE = 540.0
"""Seconds: less than a conversation may last."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it."""

    version: str
    size: int
    """Bytes of the bundle."""
    travelled: int
    """Bytes that came over the hotwire."""


def fetch_and_install(
    firmware: OwnFirmware, offer: Offer, shell: Path, already: Collection[str], progress: Progress
) -> Fetched:
    """The other slot holds what the peer runs. Its version counts, be it older. Raises HadaemonError."""
    slots = firmware.slots()
    check_offer(offer, slots.compatible)
    firmware.places.bundles.mkdir(mode=0o700, exist_ok=True)
    target = firmware.places.bundles / _FILE
    check_space(target.parent, 2 * offer.size)
    _begin_with(firmware.kept_bundle(slots.running.name), target)
    came = fetch(shell, f"slot-{offer.slot}.raucb", target, lambda percent: progress("fetching", percent))
    if firmware.bundle(str(target)).digest != offer.digest:
        raise UpgradeError(f"{offer.node} has sent another bundle than it said: nothing was changed")
    bundle = firmware.install(str(target), True, already, progress)
    target.unlink()
    return Fetched(bundle.version, offer.size, came)


def have_peer_pull(
    firmware: OwnFirmware,
    peer: Peer,
    tell: Callable[[str], None],
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> str:
    """The peer's other slot holds what this node runs; returns what came of it. Raises HadaemonError."""
    own, theirs = firmware.offer("this node")[0], peer.offered_firmware()
    if same(own, theirs):
        return f"nothing to do: both nodes run {own.version}"
    check_offer(own, theirs.compatible)
    peer.pull_firmware()
    seen, deadline = 0, now() + _PATIENCE
    while True:
        found = peer.pulled_firmware()
        for line in found.lines[seen:]:
            tell(f"{theirs.node}: {line}")
        seen = len(found.lines)
        if found.status == 0:
            return f"{theirs.node} has it: restart {theirs.node} to try it"
        if found.status is not None:
            raise UpgradeError(f"{theirs.node} has not taken it: its own words are above")
        if now() > deadline:
            raise UpgradeError(
                f"{theirs.node} has not ended within {_PATIENCE / 60:g} minutes: see "
                "`journalctl -u hotspare-firmware-pull` on it"
            )
        wait(_LOOK)


def _begin_with(basis: Path | None, target: Path) -> None:
    """The bundle that is here already is what the new one is compared with; it is never written to."""
    if basis is not None and not target.exists():
        os.link(basis, target)
