"""Watches a faulty pair: whoever can serve does, and no two do.

All times are those of the watch's own clock, which stands still where this machine does: what nobody could do
in time is nobody's fault.
"""

import threading
import time
from dataclasses import dataclass, field

from .asker import Asker, Kernel
from .faulty import FaultyPair
from .pair import ACTIVE_DOWN, CLIENT, INTERVAL, MAC, PORTS, VIRTUAL
from .waiting import stretched

_LOOK = 0.02
"""Seconds between two questions."""
_RECENT = 4 * _LOOK
"""Seconds for which an answer counts."""
_STEP = 3 * _LOOK
"""Seconds by which the watch's clock moves on at most between two questions."""
_SILENCE = stretched(0.35)
"""Seconds after which the hotwire is silent: three and a half heartbeats."""
NONE_ANSWERS = ACTIVE_DOWN + _SILENCE + stretched(1.0)
"""Seconds for which nobody may answer although a node could: docs/election.md, and one more."""
TWO_ANSWER = INTERVAL + stretched(0.4)
"""Seconds for which two may answer that hear each other: one lets go within an advertisement interval, or its
guard does it."""
LINGER = 0.2
"""Seconds for which a node keeps the addresses after it has handed over, without answering for them."""


@dataclass
class _Network:
    """What is known of one of the two networks."""

    asker: Asker
    answered_at: dict[str, float] = field(default_factory=dict)
    """When each node last answered."""
    served_at: float = 0.0
    excused_at: float = 0.0
    """When a node served last whose fault nobody could know of."""
    two_since: float | None = None
    two_hold_since: float | None = None


class Watch(threading.Thread):
    """Asks and judges all the time; `check` raises what it has found."""

    def __init__(self, faulty: FaultyPair) -> None:
        super().__init__(name="watch")
        self._faulty = faulty
        pair = faulty.pair
        lan = Asker(pair.client, "eth0", CLIENT, VIRTUAL["lan"])
        wan = Asker(pair.switch, "br-wan", "192.168.175.50", VIRTUAL["wan"])
        self._networks = {"lan": _Network(lan), "wan": _Network(wan)}
        self._kernels = {name: Kernel(node.namespace) for name, node in faulty.nodes.items()}
        self._names = {MAC[name][port]: name for name in faulty.nodes for port in PORTS}
        self._whole_since: dict[str, tuple[int, float] | None] = dict.fromkeys(faulty.nodes)
        """With the number of lapses up to then."""
        self._ways: dict[str, float] = {}
        """Cables by which both nodes hear each other, and since when."""
        self._lapses = 0
        self._rival_at = 0.0
        self._now = 0.0
        self._end = threading.Event()
        self._broken = ""
        self._holders: dict[str, set[str]] = {}
        self.judged = {"somebody answers": 0.0, "no two answer": 0.0}
        """Seconds for which each rule could have been broken."""
        self.longest = {"nobody": 0.0, "two": 0.0}
        """Seconds for which nobody answered who could have, and two did that hear each other."""

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()

    def check(self) -> None:
        """Raises AssertionError as soon as a rule is broken."""
        assert not self._broken, self._broken
        assert self.is_alive(), "the watch has ended"

    def summary(self) -> str:
        """How long it has watched, and how long the worst moments were."""
        judged = ", ".join(f"{rule!r} {seconds:.0f} s" for rule, seconds in self.judged.items())
        longest = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in self.longest.items())
        return f"judged: {judged}; longest: {longest}"

    def run(self) -> None:
        before = time.monotonic()
        while not self._end.is_set() and not self._broken:
            moment = time.monotonic()
            step = min(moment - before, _STEP)
            before = moment
            self._now += step
            self._look(moment)
            self._judge(step)
            self._faulty.diary.follow()
            self._end.wait(_LOOK)

    def _look(self, moment: float) -> None:
        for network in self._networks.values():
            for mac in network.asker.answers():
                network.answered_at[self._names[mac]] = self._now
                network.served_at = self._now
            network.asker.ask()
        holders: dict[str, set[str]] = {name: kernel.addresses() for name, kernel in self._kernels.items()}
        for name, held in holders.items():
            if held != self._holders.get(name):
                shown = sorted(held & set(VIRTUAL.values()))
                self._faulty.diary.follow()
                self._faulty.diary.finding(f"{name} has {', '.join(shown) or 'no virtual address'}")
        self._holders = holders
        if moment - self._faulty.rival_at < ACTIVE_DOWN:
            self._rival_at = self._now
        self._note_ways()
        for name, plight in self._faulty.plights.items():
            since = self._whole_since[name]
            if not plight.must_serve:
                self._whole_since[name] = None
            elif since is None or since[0] != plight.lapses:
                self._whole_since[name] = plight.lapses, self._now

    def _note_ways(self) -> None:
        lapses = self._faulty.lapses
        if lapses != self._lapses:
            self._lapses = lapses
            self._ways.clear()
        common = self._faulty.common_ways
        self._ways = {way: self._ways.get(way, self._now) for way in common}

    def _judge(self, step: float) -> None:
        for port, network in self._networks.items():
            self._judge_silence(port, network, step)
            self._judge_two(port, network, step)

    def _judge_silence(self, port: str, network: _Network, step: float) -> None:
        for name, since in self._whole_since.items():
            if since is None:
                continue
            other = self._faulty.other(name)
            plight = self._faulty.plights[other]
            if plight.is_awake and plight.is_blocked(port) and VIRTUAL[port] in self._holders[other]:
                network.excused_at = self._now
            began = max(since[1], network.served_at, network.excused_at, self._rival_at)
            self.judged["somebody answers"] += step if self._now > since[1] + NONE_ANSWERS else 0.0
            self.longest["nobody"] = max(self.longest["nobody"], self._now - began)
            if self._now > began + NONE_ANSWERS:
                self._fail(
                    f"nobody has answered for {VIRTUAL[port]} for {self._now - network.served_at:.2f} s, and "
                    f"{name} could have for {self._now - since[1]:.2f} s"
                )

    def _judge_two(self, port: str, network: _Network, step: float) -> None:
        answer = [at for at in network.answered_at.values() if at > self._now - _RECENT]
        hold = [name for name, held in self._holders.items() if VIRTUAL[port] in held]
        network.two_since = self._held(len(answer) == 2, network.two_since)
        network.two_hold_since = self._held(len(hold) == 2, network.two_hold_since)
        if not self._ways:
            return
        connected = min(self._ways.values())
        self.judged["no two answer"] += step if self._now > connected + TWO_ANSWER else 0.0
        if network.two_since is not None:
            together = self._now - max(network.two_since, connected)
            self.longest["two"] = max(self.longest["two"], together)
        for what, begun, allowed in (
            ("answer for", network.two_since, TWO_ANSWER),
            ("hold", network.two_hold_since, TWO_ANSWER + LINGER),
        ):
            if begun is not None and self._now > max(begun, connected) + allowed:
                self._fail(
                    f"both nodes {what} {VIRTUAL[port]} for {self._now - begun:.2f} s, and hear each other"
                    f" for {self._now - connected:.2f} s"
                )

    def _held(self, true: bool, since: float | None) -> float | None:
        return (self._now if since is None else since) if true else None

    def _fail(self, violation: str) -> None:
        self._broken = self._broken or violation
