"""Benchmarks: ours and the peer side by side, in one run on one machine."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware import host
from firmware.errors import FirmwareError


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure: which host packages it needs, how often, and how."""

    needs: tuple[str, ...]
    runs: int
    measure: Callable[[int, str], None]
    """Takes the number of runs and the one part to measure; "": all of them."""


def _build(runs: int, only: str) -> None:
    from firmware.bench.build import bench_build

    if only:
        raise FirmwareError(
            "the benchmark `build` is measured as a whole", where="--only", todo="leave it out"
        )
    bench_build(runs)


def _failover(runs: int, only: str) -> None:
    from firmware.bench.failover.command import bench_failover

    bench_failover(runs, only)


def _flood(runs: int, only: str) -> None:
    from firmware.bench.flood.command import bench_flood

    bench_flood(runs, only)


def _sync(runs: int, only: str) -> None:
    from firmware.bench.sync import bench_sync

    if only:
        raise FirmwareError(
            "the benchmark `sync` is measured as a whole", where="--only", todo="leave it out"
        )
    bench_sync(runs)


def _conntrack(runs: int, only: str) -> None:
    from firmware.bench.conntrack.command import bench_conntrack

    if only:
        raise FirmwareError(
            "the benchmark `conntrack` is measured as a whole", where="--only", todo="leave it out"
        )
    bench_conntrack(runs)


def _firmware(runs: int, only: str) -> None:
    from firmware.bench.firmware import bench_firmware

    bench_firmware(runs, only)


def _boot(runs: int, only: str) -> None:
    from firmware.bench.boot.command import bench_boot

    bench_boot(runs, only)


SUBJECTS = {
    "build": Subject(("image", "bench"), 3, _build),
    "failover": Subject(("netns", "bench"), 5, _failover),
    "flood": Subject(("netns", "bench"), 2, _flood),
    "conntrack": Subject(("netns", "bench"), 3, _conntrack),
    "sync": Subject(("netns", "bench"), 7, _sync),
    "firmware": Subject(("image", "pair", "bench"), 3, _firmware),
    "boot": Subject(("image", "pair", "bench"), 3, _boot),
}


def run_bench(subject: str, runs: int, only: str) -> None:
    """Measure `subject` that many times (0: as often as is usual for it) and write its page in docs/."""
    chosen = SUBJECTS.get(subject)
    if chosen is None:
        raise FirmwareError(
            f"there is no benchmark {subject!r}", where="bench", todo=f"choose one of: {', '.join(SUBJECTS)}"
        )
    if runs < 0:
        raise FirmwareError("nothing would be measured", where="--runs", todo="give a number from 1 on")
    host.ensure(*chosen.needs)
    chosen.measure(runs or chosen.runs, only)
