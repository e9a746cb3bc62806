"""What is done to the active node, and what a client saw of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware.bench.failover.daemons import Daemon
from firmware.bench.failover.outage import Outage
from firmware.bench.failover.pair import Pair, running
from firmware.bench.failover.pinging import Pinging
from firmware.bench.failover.topology import PAIR
from firmware.bench.failover.wire import Wire
from firmware.lab.deadline import Deadline, wait_until

_CALM = 1.0
"""Seconds that a pair has run before anything is done to it."""
_INTERVALS = 4
_AFTERWARDS = 0.5
"""How long the client watches after the failure, at the least: so many intervals and so many seconds. It does
so for the seconds at the least after the other node has the addresses."""
_TAKEOVER = 20.0


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to end the active node's duty."""

    key: str
    title: str
    interval: float
    """Seconds between advertisements."""
    strike: Callable[[Pair], None]
    gap_goal: str = ""
    lost_goal: str = ""
    hotwire_goal: str = ""
    """The gap with a hotwire; "": not measured with one."""


def _kill(pair: Pair) -> None:
    pair.active.kill()


def _pull(pair: Pair) -> None:
    pair.topology.pull(pair.active.node, PAIR[0])


def _stop(pair: Pair) -> None:
    pair.active.stop()


def _hand_over(pair: Pair) -> None:
    pair.active.hand_over()


FAILURES = (
    Failure(
        "kill", "daemon of the active killed, 100 ms", 0.1, _kill, gap_goal="274 ms", hotwire_goal="60 ms"
    ),
    Failure("link", "link of the active lost, 100 ms", 0.1, _pull, hotwire_goal="30 ms"),
    Failure("switch", "planned switch, 100 ms", 0.1, _hand_over, lost_goal="0"),
    Failure("stop", "daemon of the active stopped (SIGTERM), 100 ms", 0.1, _stop),
    Failure("kill-1s", "daemon of the active killed, 1 s", 1.0, _kill),
)


def measure(failure: Failure, kind: type[Daemon], phase: float) -> Outage:
    """One failover. It strikes `phase` (0 to 1) of an interval after an advertisement, because the time that
    is left until the next one is part of the outage.
    """
    with running(kind, PAIR, failure.interval) as pair:
        wire = Wire(pair.backup.node.namespace)
        pinging = Pinging(pair)
        pair.rest(_CALM)
        wire.wait_next(PAIR[0].name, within=3 * failure.interval + 1)
        time.sleep(phase * failure.interval)
        struck = time.monotonic()
        failure.strike(pair)
        wait_until(
            lambda: (pair.active.node.held(), pair.backup.node.held()) in ((0, 2), (1, 2)),
            Deadline(_TAKEOVER),
            f"takeover by {kind.name}",
            str(pair.backup.log),
            interval=0.05,
        )
        pair.rest(_AFTERWARDS + max(0.0, struck + _INTERVALS * failure.interval - time.monotonic()))
        return pinging.end(struck)
