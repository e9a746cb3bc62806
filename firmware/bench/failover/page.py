"""Records as figures: the table's rows, the page in docs/, and its drawing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from firmware.bench.failover.daemons import PRIORITIES, Hadaemon, HadaemonWithHotwire, Keepalived, real_time
from firmware.bench.failover.failures import Failure
from firmware.bench.failover.load import Cost, Costs, Load
from firmware.bench.failover.outage import Outage
from firmware.bench.failover.plot import Panel, draw
from firmware.bench.measure import Figure, Row, machine, table

OURS, HOTWIRED, PEER = Hadaemon.name, HadaemonWithHotwire.name, Keepalived.name
HEADER = ("what", OURS, PEER, "ratio", "to reach")
MILLISECONDS = 1000.0
MEMORY_GOAL = "42 MB"

INTRODUCTION = """\
# Benchmark: failover

Made by `python3 invoke.py bench failover` on {machine}. Each figure is the median of {runs} runs, with the
least and the most in brackets. hadaemon and keepalived ({version}) in turns, on the same two nodes with two
networks each, in network namespaces: VRRP version 3, the same interval, the same priorities
({priorities}), {scheduling}. A client pings one virtual address 200 times a second.

- *gap*: the longest time between two answers that the client got;
- *lost*: pings that were never answered;
- *killed*: SIGKILL. keepalived leaves its addresses behind: they are taken off by hand, at once.
  hadaemon's are dropped by its helper, as its unit does, and until then that node goes on answering, so
  that the gap begins later: by some tens of milliseconds, as drawn below;
- *with the hotwire*: the nodes are joined by one, beside keepalived that has no use for it;
- *link lost*: the active's port in the client's network loses its carrier;
- *planned switch*: `hactl switch` on the active; keepalived's way is a tracked file that lowers its priority;
- *stopped*: the daemon of the active ends in good order, as the service manager has it do;
- *processor*: percent of one processor, in windows of some seconds; *memory*: resident, of the active's
  first process, and what its children have of their own; hadaemon's is locked.

Failures come at another moment between two advertisements in each run, at the same for both daemons.

"""

DRAWN = """
Each line is one run: a bar is where the client got answers, the dashed line is the failure, the number is
the gap.

![Answered pings around each failover]({drawing})
"""


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured, by contender."""

    runs: int
    failures: Mapping[Failure, Mapping[str, Sequence[Outage]]]
    loads: Mapping[Load, Mapping[str, Costs]]


def figures(results: Results) -> str:
    """The table."""
    rows = [row for failure, outages in results.failures.items() for row in failure_rows(failure, outages)]
    rows += [row for load, costs in results.loads.items() for row in load_rows(load, costs)]
    return table(HEADER, rows)


def whole(results: Results, drawing: str) -> str:
    """The page; `drawing` is the file's name beside it."""
    introduction = INTRODUCTION.format(
        machine=machine(),
        runs=results.runs,
        version=Keepalived.version(),
        priorities=f"{PRIORITIES[0]} and {PRIORITIES[1]}",
        scheduling="real-time scheduling" if real_time() else "no real-time scheduling",
    )
    return introduction + figures(results) + DRAWN.format(drawing=drawing)


def drawing(results: Results) -> str:
    """The failovers as SVG."""
    return draw(
        [
            Panel(failure.title, tuple((name, found) for name, found in outages.items()))
            for failure, outages in results.failures.items()
        ]
    )


def failure_rows(failure: Failure, outages: Mapping[str, Sequence[Outage]]) -> Iterable[Row]:
    """The gap and the lost pings, without and with the hotwire."""
    gaps = {name: gap_figure(found) for name, found in outages.items()}
    lost = {name: Figure(tuple(o.lost for o in found), "", 0) for name, found in outages.items()}
    yield Row(f"{failure.title}: gap", gaps[OURS], gaps[PEER], failure.gap_goal)
    yield Row(f"{failure.title}: lost", lost[OURS], lost[PEER], failure.lost_goal)
    if HOTWIRED in outages:
        yield Row(f"{failure.title}, with the hotwire: gap", gaps[HOTWIRED], gaps[PEER], failure.hotwire_goal)
        yield Row(f"{failure.title}, with the hotwire: lost", lost[HOTWIRED], lost[PEER])


def gap_figure(outages: Iterable[Outage]) -> Figure:
    """The gaps in milliseconds."""
    return Figure(tuple(outage.gap * MILLISECONDS for outage in outages), "ms", 0)


def load_rows(load: Load, costs: Mapping[str, Costs]) -> Iterable[Row]:
    """Processor, memory and the greatest gap between advertisements, without and with the hotwire."""
    yield from _cost_rows(load, load.title, costs[OURS], costs[PEER])
    if HOTWIRED in costs:
        yield from _cost_rows(load, f"{load.title}, with the hotwire", costs[HOTWIRED], costs[PEER])


def _cost_rows(load: Load, title: str, ours: Costs, peer: Costs) -> Iterable[Row]:
    for side, mine, theirs in (("active", ours.active, peer.active), ("backup", ours.backup, peer.backup)):
        yield Row(f"{title}: processor, {side}", _processor(mine), _processor(theirs), load.processor_goal)
    if load.every_run:
        yield Row(f"{title}: memory", _resident(ours.active), _resident(peer.active), MEMORY_GOAL)
    seconds = load.windows * load.window
    yield Row(f"{title}: greatest gap on the wire in {seconds:g} s", _gaps(ours), _gaps(peer), load.gap_goal)


def _gaps(costs: Costs) -> Figure:
    return Figure(tuple(gap * MILLISECONDS for gap in costs.gaps), "ms")


def _processor(cost: Cost) -> Figure:
    return Figure(tuple(cost.processor), "%", 2)


def _resident(cost: Cost) -> Figure:
    return Figure(tuple(cost.resident), "MB")
