"""The firmware of this node: install a bundle into the other slot, go back, keep what is on trial.

The other slot is bad from before its first write (RAUC does that), and active only after it was read back
from the disk. Power may go at any instant: what runs, runs again.
"""

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hadaemon.io.errors import FileError
from hadaemon.io.firmware.bundle_file import (
    check_readable,
    check_whole,
    copy_bundle,
    has_space,
    link_bundle,
    put,
    slot_digest,
)
from hadaemon.io.firmware.rauc import Rauc, RaucError
from hadaemon.io.store.files import write_text
from hadaemon.io.store.trial_file import FIRMWARE_FOLDER, end_trial, read_trial
from hadaemon.state.release import Release, boot_id, running_release
from hadaemon.upgrade import trial
from hadaemon.upgrade.bundle import Bundle, Image, check_fit, parse_bundle
from hadaemon.upgrade.errors import BusyError, UpgradeError
from hadaemon.upgrade.offer import STAGED, Offer
from hadaemon.upgrade.slots import Slot, Slots, parse_slots
from hadaemon.upgrade.trial import Outlook, Trial

Progress = Callable[[str, int], None]
"""Hears what is being done, and percents of it."""

_LOCK = "firmware.lock"
_URL = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class FirmwarePlaces:
    """Where things are."""

    state: Path = Path("/data/state")
    bundles: Path = Path("/data/firmware")
    run: Path = Path("/run/hotspare")


class OwnFirmware:
    """What `hactl firmware` does, as root. Raises HadaemonError."""

    def __init__(
        self,
        places: FirmwarePlaces,
        rauc: Rauc,
        release: Release | None = None,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self.places = places
        self.release = release or running_release()
        self._rauc = rauc
        self._boot = boot

    def slots(self) -> Slots:
        """Both slots, as they are."""
        return parse_slots(self._rauc.status(), self.release.slot)

    def trial(self) -> Trial | None:
        """The one that was not decided yet."""
        return read_trial(self.places.state)

    def outlook(self) -> Outlook:
        """Where it stands."""
        return trial.outlook(self.trial(), self.release.slot, self._boot())

    def kept_bundle(self, slot: str) -> Path | None:
        """The bundle that a slot was installed from, if this node has it."""
        path = self._bundle(slot)
        return path if path.exists() else None

    def install(
        self, source: str, allow_downgrade: bool, already: Collection[str], progress: Progress
    ) -> Bundle:
        """The other slot holds the bundle, and the next start takes it on trial.

        `already`: the checks of health that this node fails now.
        """
        with self._locked():
            slots = self.slots()
            if self.outlook() is Outlook.ON_TRIAL:
                raise UpgradeError(
                    f"firmware {self.release.version} is on trial: wait until it is good "
                    "(`hactl firmware status`)"
                )
            bundle = self.bundle(source)
            check_fit(bundle, source, slots.compatible, self.release.version or "", allow_downgrade)
            kept = self._bundle(slots.other.name)
            staged = None if source.startswith(_URL) else self._stage(source, kept, bundle, progress)
            if staged is None or not _is(kept, source):
                kept.unlink(missing_ok=True)  # What the other slot holds is about to go.
            try:
                self._write(str(staged or source), bundle, slots, progress)
                if staged is not None:
                    # Before the slot is active: what starts from it can be given to the peer in any case.
                    put(staged, kept)
                self._begin_trial(bundle, slots, already)
            except (RaucError, UpgradeError, FileError):
                if staged is not None:
                    staged.unlink(missing_ok=True)
                raise
            return bundle

    def offer(self, node: str, staged: bool = False) -> tuple[Offer, Path | None]:
        """What this node can give its peer: the firmware that runs, and the file of its bundle; or the staged
        one."""
        slots = self.slots()
        name, version = slots.running.name, self.release.version or ""
        path = self.kept_bundle(name)
        if staged:
            path = self.staged if self.staged.exists() else None
            version = self.bundle(str(path)).version if path is not None else ""
        offer = Offer(node, version, slots.compatible, name)
        if path is None:
            return offer, None
        bundle = self.bundle(str(path))
        return replace(offer, digest=bundle.digest, size=path.stat().st_size), path

    def bundle(self, source: str) -> Bundle:
        """What a bundle says of itself, if its signature is good."""
        return parse_bundle(self._rauc.info(source), source)

    def keep(self, source: str, progress: Progress) -> Bundle:
        """Keeps the bundle of what runs, which the peer can be given: also on a node that was flashed."""
        with self._locked():
            slots = self.slots()
            bundle = self.bundle(source)
            for image in bundle.images:
                self._check_slot(slots.running, image, progress, f"{source}: is not what this node runs")
            kept = self._bundle(slots.running.name)
            staged = self._copy(source, kept, bundle, progress)
            put(staged, kept)
            return bundle

    @property
    def staged(self) -> Path:
        """The bundle of the pair's upgrade, once it is here and whole."""
        return self.places.bundles / STAGED

    def stage(self, source: str, allow_downgrade: bool, progress: Progress) -> Bundle:
        """Keeps a bundle for the upgrade of the pair; the slots are not touched."""
        with self.free_for_upgrade() as slots:
            bundle = self.bundle(source)
            check_fit(bundle, source, slots.compatible, self.release.version or "", allow_downgrade)
            put(self._copy(source, self.staged, bundle, progress), self.staged)
            return bundle

    @contextmanager
    def free_for_upgrade(self) -> Iterator[Slots]:
        """Nothing else is under way, and both slots can be used. Raises UpgradeError."""
        with self._locked():
            slots = self.slots()
            if self.outlook() is not Outlook.NONE:
                raise UpgradeError("another update has not come to its end: see `hactl firmware status`")
            if not slots.running.good:
                raise UpgradeError(
                    f"slot {slots.running.name}, which runs, is not marked good: there would be no way back "
                    "(`hactl firmware mark-good`)"
                )
            for slot in (slots.running, slots.other):
                for part in slot.parts:
                    check_readable(Path(part.device), f"slot {slot.name} is broken: its {part.slot_class}")
            yield slots

    def install_staged(self, digest: str, already: Collection[str], progress: Progress) -> Bundle:
        """The other slot holds the staged bundle, whose digest begins so. It may be tried again."""
        if not self.staged.exists():
            raise UpgradeError(f"{self.staged}: the bundle of the upgrade is not here")
        if not self.bundle(str(self.staged)).digest.startswith(digest):
            raise UpgradeError(f"{self.staged}: is not the bundle of the upgrade")
        bundle = self.install(str(self.staged), True, already, progress)
        self.unstage()
        return bundle

    def unstage(self) -> None:
        """What is left of an upgrade's bundle goes."""
        for path in (self.staged, self.staged.with_suffix(".new")):
            path.unlink(missing_ok=True)

    def go_back_to(self, version: str) -> None:
        """The next start takes the slot before, which was good; what runs stays good too."""
        slots = self.slots()
        if not slots.other.good or slots.other.version not in ("", version):
            raise UpgradeError(f"slot {slots.other.name} does not hold {version}")
        self._rauc.mark_good()
        self._rauc.mark_active("other")
        end_trial(self.places.state)

    def stay(self) -> None:
        """The next start takes the running slot, and nothing else."""
        self._rauc.mark_active("booted")
        self._rauc.mark_bad("other")
        end_trial(self.places.state)

    def rollback(self) -> str:
        """The next start takes the other slot. The answer is its version; empty: as it was flashed."""
        with self._locked():
            slots, outlook = self.slots(), self.outlook()
            if outlook is Outlook.WAITING:
                self._rauc.mark_active("booted")
                self._rauc.mark_bad("other")
                end_trial(self.places.state)
                return self.release.version or ""
            if not slots.other.good:
                raise UpgradeError(f"slot {slots.other.name} holds nothing that can be started")
            self._rauc.mark_active("other")
            if outlook is Outlook.ON_TRIAL:
                end_trial(self.places.state)
            return slots.other.version

    def mark_good(self) -> None:
        """What runs is kept, whatever the check of health says."""
        with self._locked():
            if self.outlook() is Outlook.WAITING:
                raise UpgradeError("the new firmware does not run yet: restart the node first")
            self._rauc.mark_good()
            end_trial(self.places.state)

    def _stage(self, source: str, kept: Path, bundle: Bundle, progress: Progress) -> Path:
        """A copy on the data partition, held against what was signed. It is what the peer can be given.

        Whatever was changed while it was read is not what `bundle` says. `kept`: the bundle of what the other
        slot holds; it makes room when there is no other.
        """
        if not _is(kept, source) and not has_space(kept, Path(source)):
            kept.unlink(missing_ok=True)
        return self._copy(source, kept, bundle, progress)

    def _copy(self, source: str, kept: Path, bundle: Bundle, progress: Progress) -> Path:
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        staged = kept.with_suffix(".new")
        staged.unlink(missing_ok=True)
        if Path(source).parent == self.places.bundles:
            link_bundle(Path(source), staged)
            if source == str(self.staged):
                return staged  # It was checked when it came.
        elif source.startswith(_URL):
            # The daemon and the keeper load this module too, and have no use for HTTP.
            from hadaemon.io.firmware.download import download

            download(source, staged, lambda percent: progress("fetching", percent))
        else:
            copy_bundle(source, staged, bundle, lambda percent: progress("copying", percent))
            return staged
        try:
            check_whole(staged, bundle, source, lambda percent: progress("checking", percent))
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        return staged

    def _write(self, source: str, bundle: Bundle, slots: Slots, progress: Progress) -> None:
        if slots.next != slots.running.name:
            self._rauc.mark_active("booted")
        end_trial(self.places.state)  # One that waits: its slot is about to hold something else.
        self._rauc.install(source, lambda percent, _: progress("installing", percent))
        for image in bundle.images:
            self._check_slot(
                slots.other,
                image,
                progress,
                f"slot {slots.other.name} does not hold what was written to it: the disk is failing; "
                f"{self.release.version} keeps running",
            )

    def _check_slot(self, slot: Slot, image: Image, progress: Progress, otherwise: str) -> None:
        """Raises UpgradeError(otherwise) when the slot's partition does not hold the image."""
        devices = [part.device for part in slot.parts if part.slot_class == image.slot_class]
        if len(devices) != 1:
            raise UpgradeError(f"slot {slot.name} has no place for {image.slot_class}")
        digest = slot_digest(Path(devices[0]), image.size, lambda percent: progress("verifying", percent))
        if digest != image.sha256:
            raise UpgradeError(otherwise)

    def _begin_trial(self, bundle: Bundle, slots: Slots, already: Collection[str]) -> None:
        begun = Trial(
            slots.other.name,
            bundle.version,
            slots.running.name,
            self.release.version or "",
            self._boot(),
            tuple(sorted(already)),
        )
        folder = self.places.state / FIRMWARE_FOLDER
        folder.mkdir(mode=0o755, exist_ok=True)
        write_text(folder / trial.FILE, trial.encode(begun), 0o644)
        self._rauc.mark_active("other")

    def _bundle(self, slot: str) -> Path:
        return self.places.bundles / f"slot-{slot}.raucb"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.places.run / _LOCK
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FileError(f"{path}: {os.strerror(error.errno or 0)}") from error
        with os.fdopen(descriptor, "r+b"):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError("another installation is under way on this node: wait for its end") from None
            yield


def _is(kept: Path, source: str) -> bool:
    try:
        return kept.samefile(source)
    except OSError:
        return False  # One of them is not there, or not any more: a stick can be pulled out.


def go_back(state: Path, rauc: Rauc, release: Release, boot: str) -> None:
    """Gives up what is on trial: the next start takes the slot that ran before. Raises HadaemonError."""
    if trial.outlook(read_trial(state), release.slot, boot) is not Outlook.ON_TRIAL:
        raise UpgradeError("no firmware is on trial in the running slot")
    if not parse_slots(rauc.status(), release.slot).other.good:
        raise UpgradeError("there is no good slot to go back to")
    rauc.mark_bad("booted")
