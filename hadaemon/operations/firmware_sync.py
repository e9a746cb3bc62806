"""The peer's firmware becomes this node's: its bundle over the hotwire, then as any other update."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from hadaemon.io.firmware.bundle_file import check_space, check_whole, put
from hadaemon.io.firmware.rsync import fetch
from hadaemon.operations.firmware import OwnFirmware, Progress
from hadaemon.operations.peer import Peer
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.offer import STAGED, Offer, Pulled, check_offer, check_taken, same

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
    check_space(target.parent, offer.size)
    _begin_with(firmware.kept_bundle(slots.running.name), target)
    came = fetch(shell, f"slot-{offer.slot}.raucb", target, lambda percent: progress("fetching", percent))
    if firmware.bundle(str(target)).digest != offer.digest:
        raise UpgradeError(f"{offer.node} has sent another bundle than it said: nothing was changed")
    bundle = firmware.install(str(target), True, already, progress)
    target.unlink()
    return Fetched(bundle.version, offer.size, came)


def fetch_staged(firmware: OwnFirmware, peer: Peer, shell: Path, progress: Progress) -> Fetched:
    """The bundle that the peer has staged for the upgrade of the pair is here too, and whole."""
    offer = peer.offered_firmware(staged=True)
    with firmware.free_for_upgrade() as slots:
        if not offer.digest:
            raise UpgradeError(f"{offer.node} has staged no bundle for an upgrade of the pair")
        check_offer(offer, slots.compatible)
        firmware.places.bundles.mkdir(mode=0o700, exist_ok=True)
        target = firmware.places.bundles / _FILE
        check_space(target.parent, 2 * offer.size)
        _begin_with(firmware.kept_bundle(slots.running.name), target)
        came = fetch(shell, STAGED, target, lambda percent: progress("fetching", percent))
        bundle = firmware.bundle(str(target))
        if bundle.digest != offer.digest:
            raise UpgradeError(f"{offer.node} has sent another bundle than it said: nothing was changed")
        check_whole(target, bundle, str(target), lambda percent: progress("checking", percent))
        put(target, firmware.staged)
    return Fetched(bundle.version, offer.size, came)


def have_peer_stage(
    peer: Peer,
    tell: Callable[[str], None],
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """The peer has the bundle that is staged here. Raises HadaemonError."""
    peer.pull_firmware(staged=True)
    found = _follow_pull(peer, peer.side.name, tell, now, wait)
    check_taken(peer.side.name, found)


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
    if _follow_pull(peer, theirs.node, tell, now, wait).status:
        raise UpgradeError(f"{theirs.node} has not taken it: its own words are above")
    return f"{theirs.node} has it: restart {theirs.node} to try it"


def _follow_pull(
    peer: Peer,
    name: str,
    tell: Callable[[str], None],
    now: Callable[[], float],
    wait: Callable[[float], None],
) -> Pulled:
    """Passes on what the peer says while it fetches, until its end."""
    seen, deadline = 0, now() + _PATIENCE
    while True:
        found = peer.pulled_firmware()
        for line in found.lines[seen:]:
            tell(f"{name}: {line}")
        seen = len(found.lines)
        if found.status is not None:
            return found
        if now() > deadline:
            raise UpgradeError(
                f"{name} has not ended within {_PATIENCE / 60:g} minutes: see "
                "`journalctl -u hotspare-firmware-pull` on it"
            )
        wait(_LOOK)


def _begin_with(basis: Path | None, target: Path) -> None:
    """The bundle that is here already is what the new one is compared with; it is never written to."""
    if basis is not None and not target.exists():
        os.link(basis, target)
