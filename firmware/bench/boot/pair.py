"""Until a pair serves, and until a takeover would work: of a pair that is switched on together, and of a
spare beside its master.

Both say what they know in their journals, by their own clocks: the spare when it has all connections, and the
active one when it has heard that the other one is ready and has the same configuration. (Ready alone is not
enough: a spare says so too when it has waited for the connections in vain.) So it is read there when all is
over, and nobody is asked while it happens.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from firmware.bench.boot import answers
from firmware.bench.boot.contenders import BOOT_SECONDS, Hotspare, wait_for_advertisement
from firmware.bench.boot.watch import Watch
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab

MASTER, SPARE = "alpha", "beta"
FIRST_PAIR, LATER_PAIR, LATER_SPARE = "pair, first", "pair, later", "spare, later"
ARRIVALS = (FIRST_PAIR, LATER_PAIR, LATER_SPARE)
"""What becomes ready."""
READY_SECONDS = 300.0
_ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was reached, in seconds since power-on of the last node."""

    wall: float
    processor: Mapping[str, float]
    """Processor-seconds of each QEMU that was switched on, by its node, until then."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a boot of a pair or of its spare came to."""

    serves: Moment
    """One node is active, and the other one has become its backup: `ready` of the lab's pair."""
    ready: Moment
    """A takeover would work."""


def pair_boots(kind: Hotspare) -> Iterator[tuple[str, Arrival]]:
    """What becomes ready of a fresh pair, in the order of ARRIVALS."""
    with kind.lab() as lab:
        with _on(lab, MASTER, SPARE) as watches:
            yield FIRST_PAIR, _ready(kind, lab, watches)
            _shut_down(kind, lab, SPARE, MASTER)
        with _on(lab, MASTER, SPARE) as watches:
            yield LATER_PAIR, _ready(kind, lab, watches)
            _shut_down(kind, lab, SPARE)
            with _on(lab, SPARE) as spare:
                both = {**spare, MASTER: watches[MASTER]}
                yield LATER_SPARE, _ready(kind, lab, both, since=spare[SPARE].begin)


@contextmanager
def _on(lab: Lab, *names: str) -> Iterator[dict[str, Watch]]:
    """Switches nodes on and looks at them."""
    with ExitStack() as stack:
        watches = {}
        for name in names:
            lab.node(name).power_on()
            watches[name] = Watch(lab.node(name).machine)
            stack.callback(watches[name].close)
        yield watches


def _shut_down(kind: Hotspare, lab: Lab, *names: str) -> None:
    for name in names:
        kind.shutdown(lab.node(name))


def _ready(kind: Hotspare, lab: Lab, watches: Mapping[str, Watch], since: float = 0.0) -> Arrival:
    """Waits until it is over. `since`: what was said before does not count."""
    if not since:
        wait_for_advertisement(lab.switch("lan"), lab.node(MASTER).mac("lan"), BOOT_SECONDS)
    for watch in watches.values():
        watch.wait_for_rest(BOOT_SECONDS)
    found: list[float] = []

    def is_ready() -> bool:
        moments = [
            [moment for moment in _answer_moments(kind, lab, name, watches[name], question) if moment > since]
            for name, question in ((SPARE, answers.COMPLETE), (MASTER, answers.READY))
        ]
        found.extend([max(map(min, moments))] if all(moments) else [])
        return bool(found)

    wait_until(is_ready, Deadline(READY_SECONDS), "a pair that is ready", MASTER, _ASK_SECONDS)
    for watch in watches.values():
        kind.refuse_restart(watch)
    begin = since or max(watch.begin for watch in watches.values())
    booted = {name: watch for name, watch in watches.items() if watch.begin >= since}

    def at(moment: float) -> Moment:
        spent = {name: watch.processor(moment - watch.begin) for name, watch in booted.items()}
        return Moment(moment - begin, spent)

    return Arrival(at(_served(kind, lab, booted)), at(found[0]))


def _served(kind: Hotspare, lab: Lab, booted: Mapping[str, Watch]) -> float:
    """When all that were switched on had come to `backup`, and one of two to `active`."""
    changes = [
        {
            state: watch.begin + kind.clock(lab.node(name), watch) + moment
            for state, moment in answers.state_changes(kind.ask(lab.node(name), answers.STATES)).items()
        }
        for name, watch in booted.items()
    ]
    moments = [change["backup"] for change in changes]
    if len(booted) > 1:
        moments.append(min(change["active"] for change in changes if "active" in change))
    return max(moments)


def _answer_moments(kind: Hotspare, lab: Lab, name: str, watch: Watch, question: str) -> list[float]:
    """When a node said what is asked for, by this machine's clock."""
    node = lab.node(name)
    said = answers.stamps(kind.ask(node, question, check=False))
    return [watch.begin + kind.clock(node, watch) + stamp for stamp in said]
