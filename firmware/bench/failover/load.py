"""What a daemon costs while nothing happens: processor time, memory, and how punctual it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware.bench.failover.daemons import Daemon
from firmware.bench.failover.pair import running
from firmware.bench.failover.topology import MANY, PAIR, Port
from firmware.bench.failover.wire import Wire, greatest_gap_of_all

NANOSECONDS = 1e9
KILOBYTES = 1024
PERCENT = 100.0
_CALM = 2.0
"""Seconds that a pair has run before it is looked at."""


@dataclass(frozen=True, slots=True)
class Load:
    """One quiet pair to look at, in several windows of time."""

    key: str
    title: str
    ports: tuple[Port, ...]
    interval: float
    """Seconds between advertisements."""
    windows: int
    window: float
    """Seconds."""
    every_run: bool = False
    """Measured in each run; else it is long, and measured once."""
    hotwire: bool = False
    """Ours is measured with the hotwire too."""
    processor_goal: str = ""
    gap_goal: str = ""


LOADS = (
    Load(
        "idle",
        "idle, 100 ms",
        PAIR,
        0.1,
        windows=1,
        window=5,
        every_run=True,
        hotwire=True,
        processor_goal="1 %",
    ),
    Load("idle-10ms", "idle, 10 ms", PAIR, 0.01, windows=4, window=4),
    Load(
        *("many", "64 HA interfaces, 100 ms", MANY, 0.1),
        windows=6,
        window=10,
        processor_goal="10 %",
        gap_goal="200 ms",
    ),
)


@dataclass(slots=True)
class Cost:
    """What was seen of one daemon, active or backup."""

    processor: list[float] = field(default_factory=list)
    """Percent of one processor, window by window."""
    resident: list[float] = field(default_factory=list)
    """Megabytes (10⁶ bytes), run by run."""


@dataclass(slots=True)
class Costs:
    """What was seen of a pair."""

    active: Cost = field(default_factory=Cost)
    backup: Cost = field(default_factory=Cost)
    gaps: list[float] = field(default_factory=list)
    """Seconds between advertisements at the most, on any interface, run by run."""


def look(load: Load, kind: type[Daemon], costs: Costs) -> None:
    """Run a pair once and add what it cost."""
    moments: dict[str, list[float]] = {}
    with running(kind, load.ports, load.interval) as pair:
        pair.rest(_CALM)
        wire = Wire(pair.backup.node.namespace)
        sides = ((costs.active, pair.active.pids), (costs.backup, pair.backup.pids))
        for _ in range(load.windows):
            before = [processor_seconds(pids) for _, pids in sides]
            for name, times in wire.record(load.window).items():
                moments.setdefault(name, []).extend(times)
            for (cost, pids), spent in zip(sides, before, strict=True):
                cost.processor.append((processor_seconds(pids) - spent) / load.window * PERCENT)
        for cost, pids in sides:
            cost.resident.append(resident_bytes(pids) / 1e6)
    costs.gaps.append(greatest_gap_of_all(moments, len(load.ports)))


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time of all threads of these processes so far."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / NANOSECONDS


def resident_bytes(pids: Sequence[int]) -> int:
    """Resident memory of the first of these processes, and what its children have of their own."""
    first, *others = pids
    return _memory(first, "Rss") + sum(_memory(pid, "Private") for pid in others)


def _memory(pid: int, kind: str) -> int:
    """Of a process, in bytes: the fields of /proc/PID/smaps_rollup that begin so."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(kind)) * KILOBYTES
