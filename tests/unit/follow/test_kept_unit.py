"""One unit, kept as it should be, in a simulated world where everything happens that can happen to it."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.follow.follower import Follower
from hadaemon.follow.kept_unit import (
    FALL,
    KILL_RETRY,
    RESTS,
    STABLE,
    START_PATIENCE,
    Due,
    KeptUnit,
    Seen,
    UnitOrder,
)
from hadaemon.status.service_phase import Phase

UNIT = "web.service"
STOP = 10.0
PAUSE = Follower(UNIT).longest_pause
LOOK = 0.25


@dataclass
class World:
    """A unit and its service manager. `stubborn`: it does not stop; `broken`: it does not start."""

    unit: KeptUnit = field(default_factory=lambda: KeptUnit(Follower(UNIT, STOP)))
    now: float = 100.0
    wanted: bool = False
    phase: Phase = Phase.DOWN
    life: int = 0
    stubborn: bool = False
    broken: bool = False
    stale: bool = False
    steps: list[UnitOrder] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def look(self) -> Due:
        due = self.unit.look(self.wanted, Seen(self.phase, str(self.life), stale=self.stale), self.now)
        self.notes += due.notes
        if due.step is not None:
            self.steps.append(due.step)
            self.obey(due.step)
        return due

    def obey(self, step: UnitOrder) -> None:
        match step:
            case UnitOrder.START:
                self.start()
            case UnitOrder.STOP:
                if self.phase not in RESTS:
                    self.phase = Phase.STOPPING if self.stubborn else Phase.DOWN
            case UnitOrder.KILL:
                self.phase = Phase.FAILED
            case UnitOrder.RELOAD:
                pass

    def start(self) -> None:
        self.life += 1
        self.phase = Phase.FAILED if self.broken else Phase.UP

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.look()
            self.now += LOOK


def test_it_is_started_when_the_node_takes_over_and_stopped_when_it_gives_up():
    world = World()
    world.run(1)
    assert world.steps == []
    world.wanted = True
    world.run(1)
    assert (world.steps, world.phase, world.unit.settled) == ([UnitOrder.START], Phase.UP, True)
    world.wanted = False
    world.run(1)
    assert (world.steps, world.phase) == ([UnitOrder.START, UnitOrder.STOP], Phase.DOWN)
    assert world.unit.settled
    assert world.notes == []
    assert world.unit.problem is None


def test_what_a_daemon_before_left_behind_is_stopped_at_the_first_look_without_a_word():
    world = World(phase=Phase.UP)
    world.run(1)
    assert (world.steps, world.notes) == ([UnitOrder.STOP], [])


def test_started_by_hand_on_the_backup_it_is_stopped_and_that_is_told():
    world = World()
    world.run(1)
    world.start()
    world.run(1)
    assert (world.steps, world.phase) == ([UnitOrder.STOP], Phase.DOWN)
    assert world.notes == [f"{UNIT} was started while this node is not active: it is stopped"]


def test_one_that_dies_is_told_and_started_again():
    world = World(wanted=True)
    world.run(5)
    world.phase = Phase.FAILED
    world.look()
    assert "ended while it was to run" in (world.unit.problem or "")
    world.run(5)
    assert (world.phase, world.steps) == (Phase.UP, [UnitOrder.START, UnitOrder.START])
    assert world.notes == [f"{UNIT} ended while it was to run"]
    world.run(STABLE)
    assert world.unit.problem is None


def test_one_that_the_service_manager_started_again_is_told():
    world = World(wanted=True)
    world.run(5)
    world.start()
    world.run(5)
    assert (world.steps, world.notes) == ([UnitOrder.START], [f"{UNIT} ended, and was started again"])


def test_one_that_does_not_start_is_tried_ever_more_slowly_and_told_once():
    world = World(wanted=True, broken=True)
    world.run(600)
    assert len(world.notes) == 1
    assert 10 < len(world.steps) < 25
    assert "does not start" in (world.unit.problem or "")
    before = len(world.steps)
    world.run(2 * PAUSE + 5)
    assert 1 <= len(world.steps) - before <= 3


def test_one_that_will_not_stop_is_killed_in_its_time_and_told():
    world = World(wanted=True, stubborn=True)
    world.run(5)
    world.wanted = False
    world.run(STOP - LOOK)
    assert UnitOrder.KILL not in world.steps
    world.run(1)
    assert world.steps[-1] is UnitOrder.KILL
    assert world.notes == [f"{UNIT}: did not stop within 10 s, and is killed"]
    world.run(1)
    assert world.unit.settled


def test_one_that_survives_its_kill_is_killed_again():
    unit = KeptUnit(Follower(UNIT, STOP))
    unit.look(True, Seen(Phase.UP), 0)
    assert unit.look(False, Seen(Phase.UP), 1).step is UnitOrder.STOP
    assert unit.look(False, Seen(Phase.STOPPING), 11).step is UnitOrder.KILL
    assert unit.look(False, Seen(Phase.STOPPING), 11 + LOOK).step is None
    again = unit.look(False, Seen(Phase.STOPPING), 11 + KILL_RETRY)
    assert (again.step, again.notes) == (UnitOrder.KILL, ())


def test_a_stop_that_somebody_undid_is_repeated():
    unit = KeptUnit(Follower(UNIT, STOP))
    unit.look(True, Seen(Phase.UP, "1"), 0)
    assert unit.look(False, Seen(Phase.UP, "1"), 1).step is UnitOrder.STOP
    assert unit.look(False, Seen(Phase.UP, "2"), 1.5).step is None
    assert unit.look(False, Seen(Phase.UP, "2"), 3.5).step is UnitOrder.STOP


def test_a_slow_start_is_a_problem_and_no_more():
    unit = KeptUnit(Follower(UNIT))
    assert unit.look(True, Seen(Phase.DOWN), 0).step is UnitOrder.START
    assert unit.look(True, Seen(Phase.STARTING), START_PATIENCE).step is None
    assert unit.problem is None
    unit.look(True, Seen(Phase.STARTING), START_PATIENCE + 1)
    assert "still not started after 30 s" in (unit.problem or "")


def test_a_tunnel_without_its_interface_is_started_anew():
    world = World(KeptUnit(Follower("wg.service", interface="wg0")), wanted=True)
    world.run(5)
    world.phase = Phase.BROKEN
    world.run(5)
    assert world.steps == [UnitOrder.START, UnitOrder.STOP, UnitOrder.START]
    assert world.notes == ["wg.service: its interface wg0 is not there: it is started anew"]


def test_a_unit_that_does_not_exist_is_a_problem_on_either_node():
    for wanted in (False, True):
        unit = KeptUnit(Follower(UNIT))
        assert unit.look(wanted, Seen(Phase.ABSENT, why="not-found"), 0) == Due()
        assert "there is no such unit" in (unit.problem or "")


def test_one_whose_files_changed_is_reloaded_and_that_is_no_news():
    world = World(wanted=True)
    world.run(2)
    world.unit.outdated()
    world.run(1)
    world.start()
    world.run(1)
    assert (world.steps, world.notes) == ([UnitOrder.START, UnitOrder.RELOAD], [])


def test_one_that_refuses_its_new_configuration_is_told_until_it_takes_one():
    world = World(wanted=True)
    world.run(2)
    world.unit.outdated()
    world.stale = True
    world.run(STABLE + 2)
    assert world.unit.problem == (
        "web.service: did not take its new configuration, and goes on with the old one: read its journal"
    )
    assert world.unit.settled
    world.stale = False
    world.run(1)
    assert world.unit.problem is None


EVENTS = ("take over", "give up", "die", "by hand", "stubborn", "willing", "break", "mend", "wait")


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.floats(0, 90)), max_size=12), st.booleans())
def test_whatever_happens_it_ends_as_it_should_be(events, wanted):
    world = World()
    for event, seconds in events:
        match event:
            case "take over":
                world.wanted = True
            case "give up":
                world.wanted = False
            case "die" if world.phase is not Phase.DOWN:
                world.phase = Phase.FAILED
            case "by hand" if not world.broken:
                world.start()
            case "stubborn" | "willing":
                world.stubborn = event == "stubborn"
            case "break" | "mend":
                world.broken = event == "break"
        world.run(seconds)
    world.wanted, world.broken = wanted, False
    world.run(PAUSE + STOP + 2 * KILL_RETRY + 2)
    assert (world.phase is Phase.UP) == wanted
    assert world.unit.settled
    world.run(STABLE)
    assert world.unit.problem is None


@pytest.mark.parametrize("stubborn", [False, True])
def test_while_not_wanted_it_is_never_started_and_never_runs_longer_than_it_may_take_to_stop(stubborn):
    world = World(stubborn=stubborn)
    world.wanted = True
    world.run(20)
    world.wanted = False
    world.steps.clear()
    world.run(STOP + 1)
    assert UnitOrder.START not in world.steps
    assert world.phase in RESTS


def seen(unit: KeptUnit, phase: Phase, now: float, life: str = "1", wanted: bool = True) -> bool | None:
    unit.look(wanted, Seen(phase, life), now)
    return unit.well


def test_it_has_failed_after_failures_in_a_row_and_is_well_after_a_minute():
    unit = KeptUnit(Follower(UNIT))
    now = 100.0
    assert seen(unit, Phase.DOWN, now, wanted=False) is None
    verdicts = []
    for life in range(FALL):
        while unit._asked is not UnitOrder.START:
            now += LOOK
            verdicts.append(seen(unit, Phase.FAILED, now))
        now += LOOK
        verdicts.append(seen(unit, Phase.UP, now, str(life)))
    assert set(verdicts) == {None}, "it is back each time"
    assert seen(unit, Phase.FAILED, now + LOOK) is False
    now += 2 * PAUSE
    assert seen(unit, Phase.UP, now, "last") is None, "that has to be seen first"
    assert seen(unit, Phase.UP, now + STABLE, "last") is True
    assert seen(unit, Phase.DOWN, now + STABLE + LOOK) is None, "it is started again"
    assert seen(unit, Phase.DOWN, now + STABLE + LOOK, wanted=False) is None


def test_one_that_does_not_come_up_or_is_not_there_has_failed():
    unit = KeptUnit(Follower(UNIT))
    assert seen(unit, Phase.DOWN, 100.0) is None
    assert seen(unit, Phase.STARTING, 101.0) is None
    assert seen(unit, Phase.STARTING, 101.0 + START_PATIENCE) is False
    assert seen(unit, Phase.UP, 102.0 + START_PATIENCE) is None
    assert seen(unit, Phase.ABSENT, 103.0 + START_PATIENCE) is False
    assert seen(unit, Phase.ABSENT, 104.0 + START_PATIENCE, wanted=False) is None
