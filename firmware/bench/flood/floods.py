"""The floods, and what is seen of the pair meanwhile."""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from firmware.bench.failover.daemons import Daemon
from firmware.bench.failover.load import PERCENT, processor_seconds
from firmware.bench.failover.outage import greatest_gap
from firmware.bench.failover.pair import Pair, running
from firmware.bench.failover.pinging import Pinging
from firmware.bench.failover.topology import NODES, PAIR, Port
from firmware.bench.failover.wire import Wire
from firmware.bench.flood import flood_agent
from firmware.bench.flood.contenders import KEY_ID, OPEN, SIGNED
from firmware.bench.flood.packets import Forged, trailer

INTERVAL = 0.1
"""Seconds between advertisements."""
QUIET, STEADY, FASTEST = 1, 4000, 0
"""Packets a second for each node, the last as fast as one process can."""
SECONDS = 2.0
"""Of each flood."""
_CALM = 0.5
"""Seconds in which nothing happens, before each flood."""
_AFTER = 0.5
BEFORE_DEATH = 0.3
"""How long the flood lasts already when the active dies."""
_START = 20.0
_END = 20.0
LAN, WAN = PAIR
_LOW, _LIKE_A_NODES, _HIGHEST = 1, 100, 255
_FAR = "198.51.100.66"
_ROUTER = "10.48.2.60"
_FOREIGN_VRID = 99
_SENDERS = 200
_TICKS = 100
"""Of /proc/stat, a second (proc_stat(5): USER_HZ)."""


@dataclass(frozen=True, slots=True)
class Flood:
    """One kind of packets."""

    key: str
    title: str
    port: Port
    """Where it comes in."""
    packets: tuple[Forged, ...]
    """Sent in turns."""
    receivers: int = 1
    """How many nodes share them: each packet to the group comes to both."""
    contenders: tuple[type[Daemon], ...] = OPEN
    rates: tuple[int, ...] = (STEADY, FASTEST)
    """Packets a second for each node, one after the other."""


_OURS = Forged("10.48.1.66", LAN.vrid, _LIKE_A_NODES, LAN.virtual)
_BEST = replace(_OURS, priority=_HIGHEST)


def _routed() -> tuple[Forged, ...]:
    """For each node's own address, from far away."""
    forged = Forged(_FAR, WAN.vrid, _HIGHEST, WAN.virtual, ttl=64)
    return tuple(replace(forged, destination=WAN.own(node), mac=WAN.mac(node)) for node in NODES)


def _many() -> tuple[Forged, ...]:
    """The same from each of many hosts of the network, in no order."""
    hosts = [f"10.48.1.{number}" for number in range(51, 51 + _SENDERS)]
    random.Random(1).shuffle(hosts)  # noqa: S311 (an order to measure with)
    return tuple(replace(_OURS, source=host) for host in hosts)


def _wrongly_signed() -> Forged:
    return replace(_BEST, trailer=trailer(KEY_ID, bytes(16)))


_ANOTHERS = replace(_OURS, vrid=_FOREIGN_VRID)

FLOODS = (
    Flood("quiet", "as good as no flood", LAN, (_ANOTHERS,), rates=(QUIET,)),
    Flood("routed", "unicast from a routed network, TTL 64", WAN, _routed(), receivers=len(NODES)),
    Flood("foreign", "another VRID", LAN, (_ANOTHERS,)),
    Flood("sender", "our VRID, lower priority, one sender", LAN, (_OURS,)),
    Flood("checksum", "our VRID, wrong checksum", LAN, (replace(_OURS, damaged=True),)),
    Flood("senders", f"our VRID, lower priority, {_SENDERS} senders", LAN, _many()),
    Flood("unsigned", "signed pair: not signed, priority 255", LAN, (_BEST,), contenders=SIGNED),
    Flood(
        "signed", "signed pair: wrongly signed, priority 255", LAN, (_wrongly_signed(),), contenders=SIGNED
    ),
)


@dataclass(slots=True)
class Seen:
    """What was seen of one contender in one kind of flood, run by run."""

    rate: list[float] = field(default_factory=list)
    """Packets a second that each node got."""
    active: list[float] = field(default_factory=list)
    """Processor of the active's daemon, percent of one."""
    backup: list[float] = field(default_factory=list)
    softirq: list[float] = field(default_factory=list)
    """Of the whole machine, microseconds a packet that was sent."""
    changes: list[float] = field(default_factory=list)
    """Of roles, both nodes together."""
    lost: list[float] = field(default_factory=list)
    """Pings."""
    gap: list[float] = field(default_factory=list)
    """Seconds of the longest time without an advertisement of either node."""
    takeover: list[float] = field(default_factory=list)
    """Seconds between two answers to a client when the active's daemon is killed; of the first rate alone."""


def look(flood: Flood, kind: type[Daemon], records: dict[int, Seen]) -> None:
    """One pair under the flood, at each rate of `records` one after the other, and at the first one once more
    until the active dies; adds what was seen."""
    with running(kind, PAIR, INTERVAL) as pair:
        pair.topology.switch.run("ip", "address", "add", f"{_ROUTER}/24", "dev", WAN.name)
        for daemon in (pair.active, pair.backup):
            daemon.node.namespace.run("ip", "route", "add", "default", "via", _ROUTER)
        for rate, seen in records.items():
            pair.active.wait_active()
            _watch(pair, flood, rate, seen)
        pair.active.wait_active()
        first = flood.rates[0]
        records[first].takeover.append(_takeover(pair, flood, first))


def _watch(pair: Pair, flood: Flood, rate: int, seen: Seen) -> None:
    sides = ((seen.active, pair.active.pids), (seen.backup, pair.backup.pids))
    wire = Wire(pair.topology.client, [LAN.own(node) for node in NODES])
    pinging = Pinging(pair)
    sender = Sender(pair, flood, rate)
    pair.rest(_CALM)
    changes = _changes(pair)
    wire.record(0)
    before, softirq = [processor_seconds(pids) for _, pids in sides], softirq_seconds()
    began, moment = time.monotonic(), time.time()
    sender.go()
    passed = wire.record(SECONDS).get("eth0", [])
    took = time.monotonic() - began
    for (percents, pids), spent in zip(sides, before, strict=True):
        percents.append((processor_seconds(pids) - spent) / took * PERCENT)
    softirq = softirq_seconds() - softirq
    seen.gap.append(greatest_gap([moment, *passed, moment + took]))
    wire.close()
    sent, seconds = sender.end()
    seen.rate.append(sent / seconds / flood.receivers)
    seen.softirq.append(softirq / sent * 1e6)
    pair.rest(_AFTER)
    seen.lost.append(pinging.end(began).lost)
    seen.changes.append(_changes(pair) - changes)


def _takeover(pair: Pair, flood: Flood, rate: int) -> float:
    """Seconds that a client gets no answer, when the active's daemon is killed in the flood."""
    pinging, sender = Pinging(pair), Sender(pair, flood, rate)
    pair.rest(_CALM)
    sender.go()
    pair.rest(BEFORE_DEATH)
    struck = time.monotonic()
    pair.active.kill()
    sender.end()
    pair.rest(_AFTER)
    return pinging.end(struck).gap


class Sender:
    """A process that floods, in the switch."""

    def __init__(self, pair: Pair, flood: Flood, rate: int) -> None:
        """Returns when it waits for its sign."""
        command = [sys.executable, "-I", "-S", flood_agent.__file__, flood.port.name]
        command += [str(rate * flood.receivers), str(SECONDS)]
        log = pair.active.node.folder / "flood.log"
        self._process: subprocess.Popen[str] = pair.topology.switch.start(*command, log=log, piped=True)
        self._say(json.dumps([each.frame().hex() for each in flood.packets]))
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def go(self) -> None:
        """The sign."""
        self._say("go")

    def end(self) -> tuple[int, float]:
        """Waits for its end; how many it has sent, in how many seconds."""
        output, _ = self._process.communicate(timeout=_END)
        result = json.loads(output.splitlines()[-1])
        return result["sent"], result["seconds"]

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


def _changes(pair: Pair) -> int:
    return pair.active.changes + pair.backup.changes


def softirq_seconds() -> float:
    """Of the whole machine so far; the kernel takes samples at its ticks."""
    words = Path("/proc/stat").read_text().split(maxsplit=8)
    return int(words[7]) / _TICKS
