"""`bench failover`: measure everything in turns, print the table, write the page and its drawing."""

from collections.abc import Iterable, Sequence

from firmware import paths
from firmware.bench.failover import page
from firmware.bench.failover.daemons import Daemon, Hadaemon, HadaemonWithHotwire, Keepalived
from firmware.bench.failover.failures import FAILURES, Failure, measure
from firmware.bench.failover.load import LOADS, Costs, Load, look
from firmware.bench.failover.outage import Outage
from firmware.bench.failover.page import Results
from firmware.bench.measure import say
from firmware.bench.parts import chosen

PAGE = paths.ROOT / "docs/benchmarks-failover.md"
DRAWING = PAGE.with_suffix(".svg")


def bench_failover(runs: int, only: str) -> None:
    """Measure all parts, or only one: then nothing is written.

    Raises:
        FirmwareError: there is no such part, or something did not work.
    """
    parts: Sequence[Failure | Load] = chosen((*FAILURES, *LOADS), only)
    results = Results(
        runs,
        {failure: _fail_in_turns(failure, runs) for failure in FAILURES if failure in parts},
        {load: _look_in_turns(load, runs if load.every_run else 1) for load in LOADS if load in parts},
    )
    print(page.figures(results))
    if not only:
        PAGE.write_text(page.whole(results, DRAWING.name))
        DRAWING.write_text(page.drawing(results))


def contenders(*, hotwire: bool) -> tuple[type[Daemon], ...]:
    """Who is measured; with `hotwire`, ours with one too."""
    return (HadaemonWithHotwire, Hadaemon, Keepalived) if hotwire else (Hadaemon, Keepalived)


def _fail_in_turns(failure: Failure, runs: int) -> dict[str, list[Outage]]:
    """All in turns, so that what else the machine does falls on all; run by run at another moment."""
    kinds = contenders(hotwire=bool(failure.hotwire_goal))
    outages: dict[str, list[Outage]] = {kind.name: [] for kind in kinds}
    for run in range(runs):
        for kind in kinds:
            outages[kind.name].append(measure(failure, kind, phase=(run + 0.5) / runs))
        say(f"{failure.title}, run {run + 1} of {runs}: " + _summary(outages.items()))
    return outages


def _summary(outages: Iterable[tuple[str, list[Outage]]]) -> str:
    last = ((name, found[-1]) for name, found in outages)
    return "; ".join(f"{name} {outage.gap * 1000:.0f} ms, {outage.lost} lost" for name, outage in last)


def _look_in_turns(load: Load, runs: int) -> dict[str, Costs]:
    kinds = contenders(hotwire=load.hotwire)
    costs = {kind.name: Costs() for kind in kinds}
    for run in range(runs):
        for kind in kinds:
            look(load, kind, costs[kind.name])
        say(f"{load.title}, run {run + 1} of {runs}")
    return costs
