"""A real pair under random faults: whoever can serve does, never two do, and everything heals."""

import math
import os
import signal
import time
from collections.abc import Callable

import pytest

from .chance import Chance
from .faulty import FaultyPair
from .guard import guard_of
from .hotwire import HotwirePair
from .test_hactl import hactl
from .waiting import stretched
from .watch import NONE_ANSWERS, Watch

SEED = int(os.environ.get("HOTSPARE_SEED", "1"))
FEW, MANY = 15, 1_000
"""Faults by day and at night."""
DAY = 15.0
"""Seconds that those by day take at most: on a slow machine there are fewer. At night all are played."""
STEPS = 30
"""That are shown when a rule is broken."""
SETTLED = 15.0
"""Seconds in which the pair comes to rest when all is whole again."""
LOOK_BACK = "look for a foreign router"
"""A minute long, the status tells of packets that it has dropped: that is no problem of the pair's."""


@pytest.fixture
def found(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Shown in the summary of the run, and kept in its report."""
    return lambda text: record_property("random faults", text)


def test_a_pair_under_a_few_random_faults(wired: HotwirePair, found: Callable[[str], None]) -> None:
    found(play(wired, FEW, DAY, rests=0.1))


@pytest.mark.nightly
def test_a_pair_under_random_faults_all_night(wired: HotwirePair, found: Callable[[str], None]) -> None:
    found(play(wired, MANY, math.inf, rests=0.2))


def test_the_watch_tells_when_nobody_answers(wired: HotwirePair) -> None:
    """It is not told that neither node is reached any more."""
    wired.start()
    faulty = FaultyPair(wired)
    with Watch(faulty) as watch:
        for node in wired.hot_nodes:
            node.unplug_from_switch("lan")
        with pytest.raises(AssertionError, match="nobody has answered for"):
            check_for(watch, 3 * NONE_ANSWERS)


def test_the_watch_tells_when_two_answer(wired: HotwirePair) -> None:
    """The active one stands still and has no guard: its kernel goes on to answer."""
    wired.start()
    faulty = FaultyPair(wired)
    with Watch(faulty) as watch:
        os.kill(guard_of(wired.alpha), signal.SIGKILL)
        wired.alpha.signal(signal.SIGSTOP)
        with pytest.raises(AssertionError, match="both nodes answer for"):
            check_for(watch, 3 * NONE_ANSWERS)


def check_for(watch: Watch, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        watch.check()
        time.sleep(0.02)


def play(wired: HotwirePair, count: int, seconds: float, rests: float) -> str:
    """Faults until there were so many or the time is over, then rest; what it came to, in words."""
    wired.start()
    faulty = FaultyPair(wired)
    chance = Chance(faulty, SEED, rests)
    end = time.monotonic() + seconds
    try:
        with Watch(faulty) as watch:
            while chance.count < count and time.monotonic() < end:
                chance.step()
                watch.check()
                chance.wait(watch.check)
            chance.heal_all()
            settle(faulty, watch)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{faulty.diary.last(STEPS)}\nseed {SEED}") from error
    stop(wired)
    return f"seed {SEED}, {chance.count} faults without violation; {watch.summary()}"


def settle(faulty: FaultyPair, watch: Watch) -> None:
    """Everything is whole: one is active, the other one is ready, and nobody complains."""
    for name in faulty.nodes:
        assert faulty.ask(name, "resume")
    wired = faulty.pair
    deadline = time.monotonic() + stretched(SETTLED)
    while wrong := disorder(wired):
        assert time.monotonic() < deadline, f"not in order after {SETTLED:g} s: {wrong}"
        watch.check()
        time.sleep(0.2)
    wired.wait_up()
    for node in wired.hot_nodes:
        shown = hactl(node, "status")
        assert shown.returncode == 0, shown.stdout + shown.stderr


def disorder(wired: HotwirePair) -> str:
    """What is not as it should be at the end; empty: nothing."""
    found = [line for node in wired.hot_nodes for line in node.problems().splitlines()]
    found = [line for line in found if LOOK_BACK not in line]
    states, holders = wired.states(), wired.holders()
    if sorted(states) != ["active", "backup"] or len(holders) != 1:
        found.append(f"the states are {states}, the addresses are on {holders}")
    return "; ".join(found)


def stop(wired: HotwirePair) -> None:
    """Nothing is left of either; that no process is left either, the fixture proves."""
    for node in wired.hot_nodes:
        node.signal(signal.SIGTERM)
        assert node.wait_end() == 0
        assert not node.virtual_addresses()
