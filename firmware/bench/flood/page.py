"""Records as figures: the table's lines, the page in docs/, and its drawing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from firmware.bench.failover.daemons import PRIORITIES, Keepalived, real_time
from firmware.bench.flood.contenders import Bare, Guarded
from firmware.bench.flood.floods import BEFORE_DEATH, FASTEST, QUIET, SECONDS, STEADY, Flood, Seen
from firmware.bench.flood.plot import Bars, draw
from firmware.bench.measure import Figure, machine, markdown

OURS, BARE, PEER = Guarded.name, Bare.name, Keepalived.name
HEADER = ("what", OURS, BARE, PEER, "ratio")
MILLISECONDS = 1000.0

Records = Mapping[Flood, Mapping[int, Mapping[str, Seen]]]
"""By flood, by its rate, by contender."""

INTRODUCTION = """\
# Benchmark: floods

Made by `python3 invoke.py bench flood` on {machine}. Each figure is the median of {runs} runs, with the
least and the most in brackets. hadaemon and keepalived ({version}) in turns, on the same two nodes with two
networks each, in network namespaces: VRRP version 3, advertisements 100 ms apart, the same priorities
({priorities}), {scheduling}. A stranger sends VRRP packets (protocol 112) for {seconds:g} s, {steady:,} a
second for each node and then as fast as one process can, while a client pings one virtual address 200 times
a second.

- *hadaemon*: with its rule set (nftables), as it runs on the image;
- *hadaemon, without rules*: the same daemon after its rule set was deleted, so that the filter on its sockets
  alone keeps packets from it;
- *keepalived* runs without a firewall, as its package installs it, and its log goes to a file;
- *packets*: that each node got, a second. They share the machine with what is measured: who spends
  less on one gets more of them;
- *processor*: of all processes of the daemon, percent of one processor. What the kernel spends is not in it;
- *softirq*: of the whole machine, in microseconds for each packet sent, and only where there are so many that
  the kernel's samples tell it. The way through the switch and to the client is in it, the same for all;
- *changes of role*: told by both daemons during the flood and half a second after it;
- *lost*: pings that were never answered, of some 700;
- *gap*: the longest time in the client's network without an advertisement of either node, in {seconds:g} s.
  It is shorter than 100 ms where the active answers those that claim its virtual router with a lower
  priority. Where it is as long as the flood and no role changes, the active is silent and the backup waits
  all the same;
- *takeover*: the longest time between two answers that the client got when the daemon of the active is killed
  {death:g} s after the beginning of such a flood;
- the *ratio* is that of the first and the last figure.

The kinds of packets:

- *unicast from a routed network, TTL 64*: to each node's own address, as anybody can send from afar;
- *another VRID*, *our VRID*: to the group, from the network itself, TTL 255. Those of our VRID claim our
  virtual address, with priority 100;
- *as good as no flood*: one packet a second, for what the daemons take anyway;
- *signed pair*: of hadaemons that take signed advertisements only. keepalived {version} has no signatures for
  version 3 and is as before: it believes the packets, as a pair of hadaemons without signatures would.

"""

DRAWN = """
How much of one processor the daemons take while packets come as fast as one process can send them:

![Processor of the daemons in each flood]({drawing})
"""


@dataclass(frozen=True, slots=True)
class _Measure:
    """One line for each flood and rate."""

    title: str
    unit: str
    digits: int = 0
    factor: float = 1.0
    rates: tuple[int, ...] | None = None
    """Those that it is told of; None: all."""


_MEASURES = {
    "rate": _Measure("packets", "/s"),
    "active": _Measure("processor, active", "%", 2),
    "backup": _Measure("processor, backup", "%", 2),
    "softirq": _Measure("softirq", "µs", 1, rates=(FASTEST,)),
    "changes": _Measure("changes of role", ""),
    "lost": _Measure("lost", ""),
    "gap": _Measure("gap", "ms", 0, MILLISECONDS),
    "takeover": _Measure("takeover", "ms", 0, MILLISECONDS, rates=(QUIET, STEADY)),
}


def figures(records: Records) -> str:
    """The table."""
    return markdown(HEADER, lines(records))


def whole(runs: int, records: Records, drawing: str) -> str:
    """The page; `drawing` is the file's name beside it."""
    introduction = INTRODUCTION.format(
        machine=machine(),
        runs=runs,
        version=Keepalived.version(),
        priorities=f"{PRIORITIES[0]} and {PRIORITIES[1]}",
        scheduling="real-time scheduling" if real_time() else "no real-time scheduling",
        seconds=SECONDS,
        steady=STEADY,
        death=BEFORE_DEATH,
    )
    return introduction + figures(records) + DRAWN.format(drawing=drawing)


def drawing(records: Records) -> str:
    """The processors of the fastest floods as SVG."""
    fast = {flood: rates[FASTEST] for flood, rates in records.items() if FASTEST in rates}
    return draw([_bars(flood, seen) for flood, seen in fast.items()])


def lines(records: Records) -> Iterator[tuple[str, ...]]:
    """All lines of the table."""
    for flood, rates in records.items():
        for rate, seen in rates.items():
            yield from _lines(flood, rate, seen)


def _lines(flood: Flood, rate: int, seen: Mapping[str, Seen]) -> Iterable[tuple[str, ...]]:
    speed = "as fast as it goes" if rate == FASTEST else f"{rate:,}/s"
    for name, measure in _MEASURES.items():
        if measure.rates is not None and rate not in measure.rates:
            continue
        shown = [_figure(measure, getattr(seen[who], name)) for who in (OURS, BARE, PEER)]
        ours, _, peer = shown
        ratio = f"{ours.median / peer.median:.2f}" if peer.median else ""
        yield f"{flood.title}, {speed}: {measure.title}", *map(str, shown), ratio


def _figure(measure: _Measure, values: Iterable[float]) -> Figure:
    return Figure(tuple(value * measure.factor for value in values), measure.unit, measure.digits)


def _bars(flood: Flood, seen: Mapping[str, Seen]) -> Bars:
    values = [
        (f"{name}: {side}", Figure(tuple(getattr(seen[name], side))).median)
        for name in (OURS, BARE, PEER)
        for side in ("active", "backup")
    ]
    return Bars(flood.title, tuple(values))
