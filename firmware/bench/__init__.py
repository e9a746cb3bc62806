"""Benchmarks: ours and the peer side by side, in one run on one machine."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware import host
from firmware.errors import FirmwareError
from firmware.options import Check, Options, one_of, option


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to measure: which host packages it needs, how often, and how."""

    needs: tuple[str, ...]
    runs: int
    measure: Callable[[int, str], None]
    """Takes the number of runs and the one part to measure; "": all of them."""
    parted: bool = True
    """It has parts that can be measured alone."""


def _build(runs: int, _only: str) -> None:
    from firmware.bench.build import bench_build

    bench_build(runs)


def _failover(runs: int, only: str) -> None:
    from firmware.bench.failover.command import bench_failover

    bench_failover(runs, only)


def _flood(runs: int, only: str) -> None:
    from firmware.bench.flood.command import bench_flood

    bench_flood(runs, only)


def _sync(runs: int, _only: str) -> None:
    from firmware.bench.sync import bench_sync

    bench_sync(runs)


def _conntrack(runs: int, _only: str) -> None:
    from firmware.bench.conntrack.command import bench_conntrack

    bench_conntrack(runs)


def _firmware(runs: int, only: str) -> None:
    from firmware.bench.firmware import bench_firmware

    bench_firmware(runs, only)


def _boot(runs: int, only: str) -> None:
    from firmware.bench.boot.command import bench_boot

    bench_boot(runs, only)


SUBJECTS = {
    "build": Subject(("image", "bench"), 3, _build, parted=False),
    "failover": Subject(("netns", "bench"), 5, _failover),
    "flood": Subject(("netns", "bench"), 2, _flood),
    "conntrack": Subject(("netns", "bench"), 3, _conntrack, parted=False),
    "sync": Subject(("netns", "bench"), 7, _sync, parted=False),
    "firmware": Subject(("image", "pair", "bench"), 3, _firmware),
    "boot": Subject(("image", "pair", "bench"), 3, _boot),
}


_USUAL = ", ".join(f"{subject.runs} for {name}" for name, subject in SUBJECTS.items())


@dataclass(frozen=True, slots=True)
class BenchOptions(Options):
    """`runs` 0 is as often as is usual for the subject; `only` "" is all of its parts."""

    subject: str = option(
        f"what to measure: {', '.join(SUBJECTS)}", check=one_of("benchmarks", tuple(SUBJECTS))
    )
    runs: int = option(
        f"how often each is run (default {_USUAL}); medians are printed",
        0,
        Check(lambda runs: runs >= 0, "nothing would be measured", "give a number from 1 on"),
    )
    only: str = option(
        "one part: of failover, e.g. kill, of flood: senders (the page stays); of firmware: install; "
        "of boot: node",
        "",
    )


def run_bench(options: BenchOptions) -> None:
    """Measure a subject and write its page in docs/."""
    chosen = SUBJECTS[options.subject]
    if options.only and not chosen.parted:
        raise FirmwareError(
            f"the benchmark `{options.subject}` is measured as a whole", "--only", "leave it out"
        )
    host.ensure(*chosen.needs)
    chosen.measure(options.runs or chosen.runs, options.only)
