"""The peer's firmware becomes this node's: its bundle over the hotwire, then as any other update."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.bundle_file import check_space
from hadaemon.io.rsync import fetch
from hadaemon.runtime.firmware import OwnFirmware, Progress
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import Offer, check_offer

_FILE = "from-peer.raucb"


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


def _begin_with(basis: Path | None, target: Path) -> None:
    """The bundle that is here already is what the new one is compared with; it is never written to."""
    if basis is not None and not target.exists():
        os.link(basis, target)
