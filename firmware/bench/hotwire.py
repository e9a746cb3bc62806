"""What the heartbeat costs, and how soon both nodes know that the hotwire is cut. Part of `bench sync`."""

import time

from firmware.bench.failover.daemons import Daemon, Hadaemon, HadaemonWithHotwire
from firmware.bench.failover.load import PERCENT, processor_seconds
from firmware.bench.failover.pair import Pair, running
from firmware.bench.failover.topology import HOTWIRE, PAIR, cable
from firmware.bench.measure import Figure, Row, say
from firmware.lab.deadline import Deadline, wait_until

_INTERVAL = 0.1
"""Seconds between advertisements; heartbeats are as often by default."""
_CALM = 2.0
_WINDOW = 5.0
"""Seconds that a daemon is looked at."""
_DOWN = "hotwire: port hotwire has no carrier"
_PATIENCE = 5.0
_LOOK = 0.001


def hotwire_rows(runs: int) -> list[Row]:
    """In turns with and without a hotwire, so that what else the machine does falls on both."""
    costs, downs = [], []
    for run in range(runs):
        without, _ = _look(Hadaemon)
        with_one, down = _look(HadaemonWithHotwire)
        costs.append(with_one - without)
        downs.append(down * 1000)
        say(f"hotwire, run {run + 1}: {costs[-1]:.2f} % of a processor, down after {downs[-1]:.0f} ms")
    return [
        Row("heartbeat each 100 ms, of one processor", Figure(tuple(costs), "%", 2), target="0.5 %"),
        Row("cable pulled, both nodes: hotwire down", Figure(tuple(downs), "ms", 0), target="100 ms"),
    ]


def _look(kind: type[Daemon]) -> tuple[float, float]:
    """Percent of a processor that the active node's daemon takes; seconds from the cut until both know."""
    with running(kind, PAIR, _INTERVAL) as pair:
        pair.rest(_CALM)
        before = processor_seconds(pair.active.pids)
        pair.rest(_WINDOW)
        cost = (processor_seconds(pair.active.pids) - before) / _WINDOW * PERCENT
        return cost, _pull(pair) if kind is HadaemonWithHotwire else 0.0


def _pull(pair: Pair) -> float:
    switch = pair.topology.switch
    ends = "".join(
        f"link set {cable(daemon.node.name, HOTWIRE)} down\n" for daemon in (pair.active, pair.backup)
    )
    begin = time.monotonic()
    switch.run("ip", "-batch", "-", stdin=ends)
    wait_until(
        lambda: all(_DOWN in daemon.log_text for daemon in (pair.active, pair.backup)),
        Deadline(_PATIENCE),
        "both nodes know that the hotwire is down",
        str(pair.active.log),
        interval=_LOOK,
    )
    return time.monotonic() - begin
