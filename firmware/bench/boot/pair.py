"""Until a takeover would work: of a pair that is switched on together, and of a spare beside its master.

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
class Ready:
    """When a takeover would have worked, in seconds since power-on of the last node."""

    wall: float
    processor: Mapping[str, float]
    """Processor-seconds of each QEMU that was switched on, by its node, until then."""


def pair_boots(kind: Hotspare) -> Iterator[tuple[str, Ready]]:
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


def _ready(kind: Hotspare, lab: Lab, watches: Mapping[str, Watch], since: float = 0.0) -> Ready:
    """Waits until it is over. `since`: what was said before does not count."""
    if not since:
        wait_for_advertisement(lab.switch("lan"), lab.node(MASTER).mac("lan"), BOOT_SECONDS)
    for watch in watches.values():
        watch.wait_for_rest(BOOT_SECONDS)
    found: list[float] = []

    def is_ready() -> bool:
        told = [
            [moment for moment in _told(kind, lab, name, watches[name], question) if moment > since]
            for name, question in ((SPARE, answers.COMPLETE), (MASTER, answers.READY))
        ]
        found.extend([max(map(min, told))] if all(told) else [])
        return bool(found)

    wait_until(is_ready, Deadline(READY_SECONDS), "a pair that is ready", MASTER, _ASK_SECONDS)
    for watch in watches.values():
        kind.refuse_restart(watch)
    begin = since or max(watch.begin for watch in watches.values())
    booted = {name: watch for name, watch in watches.items() if watch.begin >= since}
    processor = {name: watch.processor(found[0] - watch.begin) for name, watch in booted.items()}
    return Ready(found[0] - begin, processor)


def _told(kind: Hotspare, lab: Lab, name: str, watch: Watch, question: str) -> list[float]:
    """When a node said what is asked for, by this machine's clock."""
    node = lab.node(name)
    said = answers.stamps(kind.ask(node, question, check=False))
    return [watch.begin + kind.clock(node, watch) + stamp for stamp in said]
