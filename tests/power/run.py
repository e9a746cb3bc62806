"""Many cuts of one recording, one after the other."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.lab.machine import require_program
from tests.power import cuts, ext4, gpt
from tests.power.check import DiskCheck, Expected, Found, configuration_of
from tests.power.cuts import Cut
from tests.power.programs import copied
from tests.power.replay import Replay
from tests.power.writes import Entry, Recording


@dataclass(frozen=True, slots=True)
class Recorded:
    """The run of a node that was recorded."""

    image: Path
    """The raw image that its disk started as."""
    size: int
    """Of its disk, in bytes."""
    writes: Path
    start: int
    """Entries before the part that is tested."""
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """One cut and its disk."""

    cut: Cut
    found: Found


def check_cuts(
    recorded: Recorded, count: int, seed: int, folder: Path, tell: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """The disk of each of `count` cuts, checked. `folder` gets the image, and is free of it afterwards."""
    with replaying(recorded, folder) as (replay, entries, scratch):
        check = DiskCheck(replay, recorded.expected, scratch)
        outcomes = []
        for cut in cuts.choose(entries, recorded.start, count, seed):
            with replay.at(cut):
                outcomes.append(Outcome(cut, check.look()))
            for fault in outcomes[-1].found.faults:
                tell(f"{cut}: {fault}")
        return outcomes


def images_of(recorded: Recorded, chosen: Sequence[Cut], folder: Path) -> Iterator[tuple[Cut, Path]]:
    """A raw image of each cut, to boot; it is gone when the next one is asked for."""
    with replaying(recorded, folder) as (replay, _, scratch):
        for number, cut in enumerate(chosen):
            with replay.at(cut), copied(replay.file, 0, recorded.size, scratch) as image:
                named = image.rename(scratch / f"cut-{number}.img")
                yield cut, named
                named.unlink()


def configuration_at(recorded: Recorded, folder: Path) -> dict[str, str]:
    """The configuration at the start of the part that is tested, for `Expected`."""
    with replaying(recorded, folder) as (replay, _, scratch):
        replay.forward(recorded.start)
        data = gpt.partitions(replay.disk)["data"]
        with copied(replay.file, data.offset, data.size, scratch) as image:
            ext4.check(image)
            files = scratch / "files"
            files.mkdir()
            ext4.extract(image, ("/state",), files)
        return configuration_of(files / "state")


@contextmanager
def replaying(recorded: Recorded, folder: Path) -> Iterator[tuple[Replay, list[Entry], Path]]:
    """The replay of a copy of the image, all entries, and an empty folder."""
    with tempfile.TemporaryDirectory(prefix="cuts-", dir=folder) as place:
        disk, scratch = Path(place) / "disk.img", Path(place) / "scratch"
        scratch.mkdir()
        copy = [require_program("cp", "coreutils"), "--sparse=always", str(recorded.image), str(disk)]
        subprocess.run(copy, check=True)
        with disk.open("r+b") as file:
            file.truncate(recorded.size)
        recording = Recording(recorded.writes)
        entries = list(recording.entries())
        replay = Replay(disk, recording, entries)
        try:
            yield replay, entries, scratch
        finally:
            replay.close()
            recording.close()
            shutil.rmtree(scratch, ignore_errors=True)
