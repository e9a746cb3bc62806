"""Whether a node starts again from a disk as a power cut left it, with all that is its own.

What is asked: both partition tables; the ESP and GRUB's environment; every slot that may be started, with
its kernel's partition and its hash tree; the data partition after its journal; RAUC's status; the trial of a
new firmware, and the plan of the pair's upgrade; the bundle of what starts; and that the configuration is
byte for byte what it was. A stretch of the disk that has not changed since it was looked at is not looked at
again.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from configparser import ConfigParser, Error
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from firmware.build.boot import BOOT_FILE_SYSTEM_SIZE
from tests.power import boot_environment, ext4, fat, gpt
from tests.power.errors import Fault
from tests.power.gpt import Partition
from tests.power.programs import copied
from tests.power.replay import Replay
from tests.power.verity import check_root

T = TypeVar("T")

GRUBENV = "/grub/grubenv"
STAGED = "upgrade.raucb"
"""The bundle of the pair's upgrade, once it is whole."""
PLAN = Path("state/daemon/upgrade.json")
"""Of the pair's upgrade."""
_VERDICTS = ("running", "committed", "aborted")
SLOTS = ("A", "B")
STEADY = (
    *("admin.toml", "cluster.toml", "node.toml", "good", "generations"),
    *("hotwire.key", "identity", "machine-id"),
)
"""Of the state folder: what an installation has no business with."""
_TEXTS = (".toml", ".json", ".raucs", ".md", ".pub")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the disk may hold at any time."""

    running: str
    """The slot that ran during the recording."""
    boot_images: frozenset[str]
    """SHA-256 of the file system of each kernel's partition that was ever signed."""
    bundles: frozenset[str]
    """SHA-256 of each bundle that a node may keep."""
    configuration: Mapping[str, str]
    """SHA-256 of every file of STEADY by its path in the state folder."""


@dataclass(frozen=True, slots=True)
class Data:
    """What was found on the data partition."""

    trial: Mapping[str, object] | None
    """The trial that is not decided."""
    configuration: Mapping[str, str]
    bundles: frozenset[str] = frozenset()
    """The slots whose bundle is kept."""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One disk."""

    faults: tuple[str, ...]
    starts: str
    """The slot that GRUB starts."""


class DiskCheck:
    """Looks at the disk of a replay again and again. `scratch` is an empty folder of its own."""

    def __init__(self, replay: Replay, expected: Expected, scratch: Path) -> None:
        self._replay = replay
        self._expected = expected
        self._scratch = scratch
        self._known: dict[str, tuple[int, Any]] = {}

    def look(self) -> Found:
        """Everything that is wrong with it as it is now."""
        try:
            partitions = gpt.partitions(self._replay.disk)
        except Fault as fault:
            return Found((f"{fault.where}: {fault.what}",), "")
        wrong = list(gpt.faults(self._replay.disk))
        environment, said = self._once(partitions["esp"], self._look_at_esp)
        wrong += said
        order = boot_environment.order_of_trying(environment)
        for slot in SLOTS:
            if environment.get(f"{slot}_OK", "1") == "1" or slot == order[0]:
                wrong += self._once(partitions[f"boot-{slot.lower()}"], self._look_at_kernel)
                wrong += self._look_at_root(partitions, slot)
        data = self._once(partitions["data"], self._look_at_data)
        wrong += data.faults
        wrong += self._contradictions(order[0], data)
        return Found(tuple(wrong), order[0])

    def _copied(self, partition: Partition) -> AbstractContextManager[Path]:
        return copied(self._replay.file, partition.offset, partition.size, self._scratch)

    def _once(self, partition: Partition, look: Callable[[Partition], T]) -> T:
        stamp = self._replay.stamp(partition.offset, partition.size)
        before = self._known.get(partition.label)
        if before is None or before[0] != stamp:
            before = self._known[partition.label] = (stamp, look(partition))
        found: T = before[1]
        return found

    def _look_at_esp(self, partition: Partition) -> tuple[dict[str, str], list[str]]:
        try:
            with self._copied(partition) as esp:
                wrong = list(fat.faults(esp, partition.label))
                return boot_environment.parse(fat.content(esp, GRUBENV, partition.label)), wrong
        except Fault as fault:
            return {}, [f"{fault.where}: {fault.what}"]

    def _look_at_kernel(self, partition: Partition) -> list[str]:
        content = self._replay.read(partition.offset, BOOT_FILE_SYSTEM_SIZE)
        if hashlib.sha256(content).hexdigest() in self._expected.boot_images:
            return []
        return [f"{partition.label}: may be started, and holds no kernel that was signed"]

    def _look_at_root(self, partitions: Mapping[str, Partition], slot: str) -> list[str]:
        kernel, root = partitions[f"boot-{slot.lower()}"], partitions[f"root-{slot.lower()}"]

        def look(_: Partition) -> list[str]:
            try:
                arguments = fat.content(self._replay.disk, "/slot.cfg", kernel.label, kernel.offset)
                with self._copied(root) as image:
                    check_root(image, arguments.decode(), root.label)
            except Fault as fault:
                return [f"{fault.where}: may be started, and {fault.what}"]
            return []

        return self._once(root, look)

    def _look_at_data(self, partition: Partition) -> Data:
        shutil.rmtree(self._scratch)
        self._scratch.mkdir()
        try:
            with self._copied(partition) as image:
                ext4.check(image)
                files = self._scratch / "files"
                files.mkdir()
                ext4.extract(image, ("/state", "/rauc", "/firmware"), files)
        except Fault as fault:
            return Data(None, {}, faults=(f"{fault.where}: {fault.what}",))
        return read_data(files, self._expected.bundles)

    def _contradictions(self, starts: str, data: Data) -> list[str]:
        wrong = []
        if not data.faults:
            for name in sorted(self._expected.configuration.keys() | data.configuration.keys()):
                if self._expected.configuration.get(name) != data.configuration.get(name):
                    wrong.append(f"data: state/{name} is not what it was")
        trial = data.trial
        if trial is not None and trial["slot"] == self._expected.running:
            wrong.append("data: the trial names the slot that ran")
        if not data.faults and starts not in (self._expected.running, *data.bundles):
            wrong.append(f"data: slot {starts} starts, and its bundle is not kept")
        return wrong


def read_data(files: Path, bundles: frozenset[str]) -> Data:
    """What the extracted folders hold."""
    wrong = [
        f"data: {path.relative_to(files)} has zero bytes in it"
        for path in sorted(files.rglob("*"))
        if path.suffix in _TEXTS
        and path.is_file()
        and (b"\0" in path.read_bytes() or not path.stat().st_size)
    ]
    for path in sorted((files / "rauc").glob("*.raucs")):
        wrong += _key_file_faults(path)
    kept = sorted((files / "firmware").glob("slot-?.raucb"))
    for path in (*kept, *(files / "firmware").glob(STAGED)):
        if digest_of(path) not in bundles:
            wrong.append(f"data: firmware/{path.name} is not a bundle that was signed")
    trial = None
    try:
        trial = _trial(files / "state/firmware/trial.json")
    except (ValueError, KeyError) as error:
        wrong.append(f"data: the trial cannot be read: {error!r}")
    wrong += _plan_faults(files / PLAN)
    slots = frozenset(path.stem[-1] for path in kept)
    return Data(trial, configuration_of(files / "state"), slots, tuple(wrong))


def configuration_of(state: Path) -> dict[str, str]:
    """SHA-256 of every file of STEADY; of a link where it leads."""
    found: dict[str, str] = {}
    for name in STEADY:
        for path in [state / name, *sorted((state / name).rglob("*"))]:
            if path.is_symlink():
                found[str(path.relative_to(state))] = f"-> {path.readlink()}"
            elif path.is_file():
                found[str(path.relative_to(state))] = digest_of(path)
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _trial(path: Path) -> Mapping[str, object] | None:
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    if found["slot"] not in SLOTS:
        raise ValueError(f"slot {found['slot']!r}")
    return {name: found[name] for name in ("slot", "version", "before_slot", "before", "boot_id")}


def _plan_faults(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_text()) if path.exists() else {"verdict": _VERDICTS[0]}
        if found["verdict"] not in _VERDICTS:
            raise ValueError(f"verdict {found['verdict']!r}")
    except (ValueError, KeyError, TypeError) as error:
        return [f"data: the plan of the upgrade cannot be read: {error!r}"]
    return []


def _key_file_faults(path: Path) -> list[str]:
    parser = ConfigParser(interpolation=None, delimiters=("=",), strict=False)
    try:
        parser.read_string(path.read_text())
    except (Error, UnicodeDecodeError) as error:
        return [f"data: rauc/{path.name} cannot be read: {' '.join(str(error).split())}"]
    return []
