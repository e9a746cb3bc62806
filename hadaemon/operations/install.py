"""Installs what runs on another disk. The first range, which makes it a disk that boots, is written last.

Whoever is interrupted, or loses power, leaves a disk that does not boot.
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hadaemon.install.disk import COLUMNS, Disk, describe, read_disks
from hadaemon.install.errors import InstallError
from hadaemon.install.layout import (
    DATA_SIZE,
    HEAD,
    Layout,
    Partition,
    bundle_partition,
    needed,
    read_layout,
    table_script,
)
from hadaemon.install.plan import (
    ROOT,
    Patch,
    Piece,
    Running,
    gaps,
    is_grubenv,
    own_esp,
    pieces,
    read_command_line,
)
from hadaemon.io.errors import EdgeError
from hadaemon.io.firmware.block_copy import (
    Copied,
    SlotImage,
    SlotImages,
    copy,
    filled_runs,
    settle,
    verify,
    write_all,
)
from hadaemon.io.firmware.data_partition import make_data_image
from hadaemon.io.firmware.disks import (
    discard,
    disk_of,
    forget_cached,
    list_block_devices,
    opened_alone,
    place_of,
    read_table,
    start_of,
    write_table,
    zero,
)
from hadaemon.io.firmware.flashed_bundle import archive_header, archive_size
from hadaemon.io.programs import services
from hadaemon.io.programs.run import run_program

_DATA, _HEADER = "data", "header"
_BOOT_CODE = 440
"""Bytes of a disk's first sector that are the BIOS's to start."""
_GRUBENV_SIZE = 1024
_ZEROS = 64 << 20
"""Bytes that are erased by one order."""

Show = Callable[[str, int, int], None]
"""Hears which step is under way, how many bytes of it are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class InstallPlaces:
    """Where the running system has what is copied; tests have their own."""

    links: Path = Path("/run/hotspare/disk")
    """One a partition of the disk that the box runs from: made by the initrd."""
    root: Path = Path("/dev/mapper/hotspare-root")
    bundles: Path = Path("/data/firmware")
    grubenv: Path = Path("/boot/efi/grub/grubenv")
    command_line: Path = Path("/proc/cmdline")
    run: Path = Path("/run/hotspare")
    state_owner: tuple[int, int] | None = None

    def partition(self, name: str) -> Path:
        """By its name, as `Piece.source` has it."""
        return self.root if name == ROOT else self.links / name

    @property
    def own(self) -> str:
        """The disk that the box runs from; empty: this is no appliance."""
        return disk_of(self.links / "esp")


@dataclass(frozen=True, slots=True)
class Source:
    """What is installed."""

    disk: str
    layout: Layout
    running: Running

    def refusal(self, target: Disk) -> str:
        """Why it cannot be installed there; empty: it can."""
        return target.refusal(self.layout.needed)


def find_source(places: InstallPlaces) -> Source:
    """What runs. Raises InstallError: this is no appliance."""
    own = places.own
    if not own:
        raise InstallError("this system does not run from a Hotspare disk: there is nothing to install")
    running = read_command_line(places.command_line.read_text(encoding="ascii", errors="replace"))
    return Source(own, read_layout(read_table(own)), running)


def find_disks(places: InstallPlaces) -> tuple[Disk, ...]:
    """All of this box."""
    return read_disks(list_block_devices(COLUMNS), places.own)


def find_candidates(places: InstallPlaces) -> tuple[tuple[Disk, str], ...]:
    """All disks of this box, each with the reason why it must not be taken; empty: it may. Needs no root."""
    wanted = needed(start_of(places.partition(_DATA)))
    return tuple((disk, disk.refusal(wanted)) for disk in find_disks(places))


def find_target(name: str, source: Source, places: InstallPlaces) -> Disk:
    """The disk of that name or path. Raises InstallError: it is none, or must not be taken."""
    path = str(Path("/dev", name).resolve())
    disks = find_disks(places)
    for disk in disks:
        if disk.path == path:
            if reason := source.refusal(disk):
                raise InstallError("\n".join((f"{path} is not written to: {reason}", *describe(disk))))
            return disk
    names = ", ".join(disk.path for disk in disks if not source.refusal(disk)) or "none"
    raise InstallError(f"{name} is no disk of this box; possible: {names}")


def can_install(places: InstallPlaces) -> bool:
    """Whether there is a disk that may be taken; never raises."""
    try:
        return any(not reason for _, reason in find_candidates(places))
    except (EdgeError, OSError):
        return False


def install_alone(source: Source, target: Disk, places: InstallPlaces, show: Show) -> None:
    """The same as `install`, and nothing else fills a slow disk meanwhile."""
    services.stop_seeding()
    try:
        install(source, target, places, show)
    finally:
        services.start_seeding()


def install(source: Source, target: Disk, places: InstallPlaces, show: Show) -> None:
    """Until the last step is done the disk does not boot. Raises HadaemonError, or OSError: a disk failed."""
    if reason := source.refusal(target):
        raise InstallError(f"{target.path} is not written to: {reason}")
    system = tuple(_system(source, places))
    with (
        tempfile.TemporaryDirectory(prefix="install-", dir=places.run) as folder,
        opened_alone(target.path) as disk,
    ):
        zero(disk, 0, HEAD)
        os.fsync(disk)
        discard(disk, target.size)
        _erase(disk, tuple(gaps(source.layout, system)), show)
        copied, slots = _copy(disk, "writing", system, places.partition, show)
        data = make_data_image(Path(folder), DATA_SIZE, places.state_owner, slots)
        runs = tuple(filled_runs(data, _DATA, source.layout[_DATA].start))
        more, _ = _copy(disk, "data", runs, lambda _: data, show)
        copied += more
        bundle = _find_bundle(source, target.size, places.bundles)
        if bundle is not None:
            zero(disk, bundle.partition.start, bundle.partition.size)
            copied += _copy(disk, "bundle", bundle.pieces, bundle.written(Path(folder)), show)[0]
        _verify(disk, tuple(copied), show)
        _make_bootable(disk, source, target.path, (bundle.partition,) if bundle is not None else ())


def _system(source: Source, places: InstallPlaces) -> Iterator[Piece]:
    letter = source.running.slot.lower()
    boot = run_program("blkid", "-p", "-o", "value", "-s", "FSSIZE", str(places.partition(f"boot-{letter}")))
    size = int(boot or 0) or source.layout["boot-a"].size
    yield from pieces(source.layout, source.running, size, _esp(places))


def _esp(places: InstallPlaces) -> tuple[Patch, ...]:
    """What the new ESP has of its own. What is in memory of the running one is on the disk then."""
    at = place_of(places.grubenv, _GRUBENV_SIZE)
    os.sync()
    esp = os.open(places.partition("esp"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        forget_cached(esp)
        found = os.pread(esp, _GRUBENV_SIZE, at)
    finally:
        os.close(esp)
    if not is_grubenv(found):
        raise InstallError(f"{places.grubenv}: it is damaged: restart this system, which mends it")
    return own_esp(at, secrets.token_bytes(4))


def _find_bundle(source: Source, size: int, folder: Path) -> "_Bundle | None":
    """That of what runs; None: it is not kept here, or the new disk has no room for it."""
    path = folder / f"slot-{source.running.slot}.raucb"
    if not path.exists():
        return None
    length = path.stat().st_size
    partition = bundle_partition(source.layout, size, archive_size(length))
    return _Bundle(path, length, partition) if partition is not None else None


@dataclass(frozen=True, slots=True)
class _Bundle:
    """What the first boot of the new disk takes for its own."""

    path: Path
    length: int
    """Bytes."""
    partition: Partition

    @property
    def pieces(self) -> tuple[Piece, Piece]:
        """An archive, but for the zeros at its end."""
        start, header = self.partition.start, len(archive_header(self.length))
        return Piece(_HEADER, 0, start, header), Piece(self.partition.name, 0, start + header, self.length)

    def written(self, folder: Path) -> Callable[[str], Path]:
        """Where each piece can be read."""
        header = folder / _HEADER
        header.write_bytes(archive_header(self.length))
        return lambda name: header if name == _HEADER else self.path


def _erase(disk: int, holes: tuple[tuple[int, int], ...], show: Show) -> None:
    total, done = sum(length for _, length in holes), 0
    show("erasing", 0, total)
    for start, length in holes:
        for at in range(start, start + length, _ZEROS):
            size = min(_ZEROS, start + length - at)
            zero(disk, at, size)
            done += size
            show("erasing", done, total)


def _copy(
    disk: int, step: str, what: tuple[Piece, ...], where: Callable[[str], Path], show: Show
) -> tuple[list[Copied], dict[str, SlotImage]]:
    counter = _Counter(step, sum(piece.length for piece in what), show)
    images = SlotImages()
    copied = [copy(disk, piece, where(piece.source), images, counter.add) for piece in what]
    return copied, images.found()


def _verify(disk: int, copied: tuple[Copied, ...], show: Show) -> None:
    settle(disk)
    counter = _Counter("verifying", sum(one.piece.length for one in copied), show)
    for one in copied:
        verify(disk, one, counter.add)


def _make_bootable(disk: int, source: Source, path: str, more: tuple[Partition, ...]) -> None:
    """The table, and the code for a BIOS; both are read back."""
    with Path(source.disk).open("rb", buffering=0) as own:
        code = own.read(_BOOT_CODE)
    try:
        write_table(path, table_script(source.layout, more))
        write_all(disk, code, 0)
        settle(disk)
        if os.pread(disk, _BOOT_CODE, 0) != code or read_layout(read_table(path)) != source.layout:
            raise InstallError(f"{path}: the table that was read back is another one: the disk is defective")
    except BaseException:
        zero(disk, 0, HEAD)
        os.fsync(disk)
        raise


class _Counter:
    """Adds up one step."""

    def __init__(self, step: str, total: int, show: Show) -> None:
        self._step, self._total, self._done, self._show = step, total, 0, show
        show(step, 0, total)

    def add(self, count: int) -> None:
        """Bytes."""
        self._done += count
        self._show(self._step, self._done, self._total)
