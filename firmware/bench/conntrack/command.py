"""Loads the active node with connections, moves them to the other one and back, and counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from firmware import paths
from firmware.bench.conntrack.daemons import LOAD_ADDRESS, OurTracking, StockTracking, Tracking
from firmware.bench.conntrack.sample import SIZE, Sample
from firmware.bench.failover.pair import Pair, running
from firmware.bench.failover.topology import PAIR
from firmware.bench.measure import Figure, Row, machine, say, table
from firmware.lab.deadline import Deadline, wait_until

PAGE = paths.ROOT / "docs/benchmarks-conntrack.md"
COUNTS = (100_000, 200_000)
SWITCHES = 20
INTERVAL = 0.1
_ARRIVAL = 30.0
"""Seconds after which what is not there is lost."""
_STILL = 5.0
"""Seconds without one more, after which no more is waited for."""
_TAKEOVER = 20.0
_POLL = 0.005

INTRODUCTION = """\
# Benchmark: connections

Made by `python3 invoke.py bench conntrack` on {machine}: two nodes in network namespaces, advertisements
100 ms apart, both contenders in turns. Each figure is the median of {runs} runs, or of all switches,
with the least and the most in brackets. The peer is keepalived with conntrackd's example configuration
for FTFW and its `primary-backup.sh`, as Debian ships them; only paths, addresses and the interface are
changed. That configuration holds 131,072 connections at most.

*On the spare*: from the end of the load until the other node knows every connection; ours has them in
its kernel, the peer in a cache. *Usable after a switch*: from the moment that the other node has the
virtual addresses until its kernel has every connection. *Announced*: from the decision of the new active
node to the announcement of its addresses, as `hactl switch` tells. *Lost*: missing in the new active's
kernel {settle:.0f} s after a switch, or when for {still:.0f} s no more came, summed over all of them
({switches} in the first run, 2 in the others).
A count takes about 3 ms, so that no time is shorter. *Real ones that live*: of {sample} TCP connections
between two hosts, opened before the load, those that carry data both ways after every switch; both
contenders' nodes drop what belongs to no connection that they know.

That sessions of booted nodes live on, whatever fails, is a test: `python3 invoke.py test --qemu --only
connections`.

"""


@dataclass
class Results:
    """Of one contender with one number of connections."""

    arrival: list[float] = field(default_factory=list)
    """Seconds."""
    arrived: list[float] = field(default_factory=list)
    """How many."""
    usable: list[float] = field(default_factory=list)
    """Milliseconds, of each switch."""
    announced: list[float] = field(default_factory=list)
    """Milliseconds, of each switch; ours alone tells it."""
    lost: int = 0
    alive: list[float] = field(default_factory=list)
    """Real connections that live after all switches of a run."""


def bench_conntrack(runs: int) -> None:
    """Measure, print the table and write docs/benchmarks-conntrack.md."""
    rows = []
    for count in COUNTS:
        results: dict[type[Tracking], Results] = {OurTracking: Results(), StockTracking: Results()}
        for run in range(runs):
            for kind, found in results.items():
                measure(kind, count, SWITCHES if run == 0 else 2, found)
                say(
                    f"{count} connections, run {run + 1} of {runs}, {kind.name}: {found.arrived[-1]:.0f} "
                    f"on the spare after {found.arrival[-1]:.2f} s; {found.lost} lost; "
                    f"{found.alive[-1]:.0f} of {SIZE} real ones live"
                )
        rows += rows_of(count, results[OurTracking], results[StockTracking])
    text = page(runs, rows)
    print(text)
    PAGE.write_text(text)


def page(runs: int, rows: list[Row]) -> str:
    """The page in docs/."""
    text = INTRODUCTION.format(
        machine=machine(), runs=runs, settle=_TAKEOVER, still=_STILL, switches=SWITCHES, sample=SIZE
    )
    return text + table(("", "Hotspare", StockTracking.name, "ratio", "target"), rows)


def rows_of(count: int, ours: Results, peer: Results) -> list[Row]:
    """Of one number of connections."""
    title = f"{count:,} connections"
    return [
        Row(f"{title}: on the spare", _seconds(ours.arrival), _seconds(peer.arrival), "1 s"),
        Row(f"{title}: how many", _number(ours.arrived), _number(peer.arrived), f"{count}"),
        Row(f"{title}: usable after a switch", _millis(ours.usable), _millis(peer.usable), "0 ms"),
        Row(f"{title}: announced", _millis(ours.announced), None, "10 ms"),
        Row(f"{title}: lost", _number([ours.lost]), _number([peer.lost]), "0"),
        Row(f"{title}: real ones that live", _number(ours.alive), _number(peer.alive), f"{SIZE}"),
    ]


def _seconds(values: list[float]) -> Figure:
    return Figure(tuple(values), digits=2)


def _millis(values: list[float]) -> Figure:
    return Figure(tuple(values), unit="ms")


def _number(values: list[float] | list[int]) -> Figure:
    return Figure(tuple(map(float, values)), unit="", digits=0)


def measure(kind: type[Tracking], count: int, switches: int, found: Results) -> None:
    """One pair of the kind: loaded, then switched to and fro."""
    with running(kind, PAIR, INTERVAL) as pair:
        active, spare = pair.active, pair.backup
        assert isinstance(active, Tracking)
        assert isinstance(spare, Tracking)
        sample = Sample(pair.topology)
        # A spare that has just started empties its table once and gets all anew: that is not measured here.
        pair.rest(3.0)
        load(active, count)
        begin = time.monotonic()
        _until_known(spare, count)
        found.arrival.append(time.monotonic() - begin)
        found.arrived.append(min(spare.known(), count))
        alive = 0
        for _ in range(switches):
            _switch(pair, active, spare, count, found)
            alive = sample.alive()
            active, spare = spare, active
        found.alive.append(alive)
        sample.close()


def _switch(pair: Pair, active: Tracking, spare: Tracking, count: int, found: Results) -> None:
    to_announcement = spare.take_over(active)
    wait_until(
        lambda: spare.node.held() == len(PAIR),
        Deadline(_TAKEOVER),
        "the switch",
        active.log_text,
        interval=_POLL,
    )
    begin = time.monotonic()
    _until(spare.connections, count, _TAKEOVER)
    found.usable.append((time.monotonic() - begin) * 1000)
    if to_announcement is not None:
        found.announced.append(to_announcement)
    found.lost += max(0, count - spare.loaded())
    # The former active is the next spare: it empties its table and gets all of them anew.
    pair.rest(2.0)
    _until_known(active, count)


def _until_known(spare: Tracking, count: int) -> None:
    _until(spare.known, count, _ARRIVAL)


def load(node: Tracking, count: int) -> None:
    """So many established TCP connections in a node's kernel."""
    file = Path(node.node.folder) / "load"
    with file.open("w") as lines:
        for number in range(count):
            source = f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
            lines.write(
                f"-A -p tcp -s {source} -d {LOAD_ADDRESS} --sport 1024 --dport 443 "
                "--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 3600\n"
            )
    node.node.namespace.run("conntrack", "-R", str(file))


def _until(number: Callable[[], int], enough: int, seconds: float) -> None:
    """Waits until there are so many, and no longer than that or than more come; who asks counts what is
    missing."""
    end, most, grown = time.monotonic() + seconds, -1, time.monotonic()
    while (now := time.monotonic()) < end and now < grown + _STILL:
        if (found := number()) >= enough:
            return
        if found > most:
            most, grown = found, now
        time.sleep(_POLL)
