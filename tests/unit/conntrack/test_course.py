"""The steps in their order: what conntrackd is told when a node becomes active, gives up, joins, waits."""

import pytest

from hadaemon.conntrack.course import (
    COMPARE_DELAY,
    DRAIN_PATIENCE,
    EMPTY_DELAY,
    HOLD_PATIENCE,
    PATIENCE,
    REFRESH_PERIOD,
    RETRY,
    SETTLE,
    STILL,
    Counts,
    Course,
    CourseStep,
    crowding,
)

LEARN, SEND, EMPTY, DRAIN = CourseStep.LEARN, CourseStep.SEND, CourseStep.EMPTY, CourseStep.DRAIN
ASK, COMPARE, HOLD = CourseStep.ASK, CourseStep.COMPARE, CourseStep.HOLD
EQUAL = Counts(1000, 1000)
FEWER = Counts(500, 1000)
ASKED = EMPTY_DELAY
"""When a node that joins at 0.0 asks."""


def carried_out(
    course: Course, until: float, counts: Counts = EQUAL, kept: bool = True
) -> list[tuple[float, CourseStep]]:
    """Every step up to a time, each done at once; its table empties at once, too. `kept`: the other node is
    active and has all."""
    done = []
    while course.deadline <= until:
        now = course.deadline
        step = course.due(now)
        assert step is not None
        done.append((now, step))
        if step is COMPARE:
            course.compared(counts, now)
        elif step is DRAIN:
            course.drained(Counts(0, counts.there), now)
        elif step is HOLD:
            course.held(kept, now)
        else:
            course.done(now)
    return done


def steps(course: Course, until: float, counts: Counts = EQUAL, kept: bool = True) -> list[CourseStep]:
    return [step for _, step in carried_out(course, until, counts, kept)]


def test_a_node_that_joins_as_spare_begins_empty_and_asks_for_all():
    assert steps(Course(False, 0.0), ASKED + COMPARE_DELAY) == [HOLD, EMPTY, DRAIN, ASK, COMPARE]


def test_the_active_node_learns_and_sends_and_again_in_time():
    course = Course(True, 0.0)
    assert steps(course, 0.0) == [LEARN, SEND]
    assert carried_out(course, REFRESH_PERIOD) == [(REFRESH_PERIOD, LEARN), (REFRESH_PERIOD, SEND)]


def test_a_takeover_learns_at_once_and_empties_nothing():
    course = Course(False, 0.0)
    steps(course, 60.0)
    course.became(True, 61.0)
    assert carried_out(course, 61.0) == [(61.0, LEARN)]
    assert EMPTY not in steps(course, 300.0)


def test_giving_up_waits_until_nothing_is_forwarded_then_empties_asks_compares():
    course = Course(True, 0.0)
    steps(course, 60.0)
    course.became(False, 61.0)
    assert course.due(61.0) is None
    emptied = 61.0 + SETTLE
    asked = emptied + EMPTY_DELAY
    expected = [(emptied, HOLD), (emptied, EMPTY), (asked, DRAIN), (asked, ASK)]
    assert carried_out(course, asked) == expected
    assert carried_out(course, asked + COMPARE_DELAY) == [(asked + COMPARE_DELAY, COMPARE)]


def drain(course: Course, left: list[int]) -> list[CourseStep]:
    """The steps of a spare of which the table has so many entries at each look; there are 200,000."""
    done = []
    for here in left:
        now = course.deadline
        step = course.due(now)
        assert step is not None
        done.append(step)
        if step is DRAIN:
            course.drained(Counts(here, 200_000), now)
        else:
            course.done(now)
    return done


def test_what_the_new_active_one_lacks_is_held_until_it_has_it():
    course = Course(True, 0.0)
    steps(course, 60.0)
    course.became(False, 61.0)
    assert set(steps(course, 61.0 + SETTLE + 5.0, kept=False)) == {HOLD}
    assert steps(course, 61.0 + SETTLE + 6.0)[:2] == [HOLD, EMPTY]


def test_it_is_not_held_for_ever():
    course = Course(True, 0.0)
    steps(course, 60.0)
    course.became(False, 61.0)
    found = carried_out(course, 61.0 + SETTLE + 2 * HOLD_PATIENCE, kept=False)
    (emptied,) = [at for at, step in found if step is EMPTY]
    assert emptied == pytest.approx(61.0 + SETTLE + HOLD_PATIENCE, abs=1.0)


def test_active_again_in_the_middle_of_it_asks_for_all_before_it_learns():
    course = Course(True, 0.0)
    steps(course, 60.0)
    course.became(False, 61.0)
    steps(course, 61.0 + SETTLE)
    assert course.due(61.0 + SETTLE + EMPTY_DELAY) is DRAIN
    course.became(True, 62.0 + SETTLE)
    assert course.due(62.0 + SETTLE) is DRAIN
    settled = 62.0 + SETTLE + STILL * EMPTY_DELAY
    assert steps(course, settled + COMPARE_DELAY, FEWER) == [DRAIN] * (STILL + 1) + [ASK, COMPARE, ASK]
    assert not course.complete, "the other node holds what it has"
    assert steps(course, 75.0) == [COMPARE, LEARN]
    assert course.complete
    assert (course.missing, course.behind) == (0, False)


def test_an_active_node_does_not_ask_for_ever():
    course = Course(False, 0.0)
    course.became(True, 0.1)
    assert steps(course, 20.0, FEWER) == [ASK, COMPARE] * PATIENCE + [LEARN]


def test_a_table_that_empties_slowly_is_waited_for():
    """Entries whose end conntrackd has not heard yet count, and those that came meanwhile go with them."""
    left = [200_000, 262_144, 262_144, 255_137, 262_144, 119_938, 35_475, 2, 2]
    assert drain(Course(False, 0.0), [0, *left]) == [HOLD, EMPTY] + [DRAIN] * 7 + [ASK]


def test_what_was_sent_at_the_start_of_conntrackd_is_not_waited_for():
    left = [0, 0, *[200_000] * (STILL + 2)]
    assert drain(Course(False, 0.0), left) == [HOLD, EMPTY] + [DRAIN] * (STILL + 1) + [ASK]


def test_a_table_that_is_filled_as_fast_as_it_empties_is_given_up():
    left = [150_000 - number % 2 for number in range(int(DRAIN_PATIENCE / EMPTY_DELAY) + 4)]
    assert ASK in drain(Course(False, 0.0), left)


def test_a_spare_never_learns():
    course = Course(False, 0.0)
    assert {LEARN, SEND}.isdisjoint(steps(course, 600.0, FEWER))


def test_back_before_it_was_emptied():
    course = Course(True, 0.0)
    steps(course, 1.0)
    course.became(False, 2.0)
    course.became(True, 2.0 + SETTLE / 2)
    assert EMPTY not in steps(course, 100.0)


def test_the_same_state_again_changes_nothing():
    course = Course(True, 0.0)
    steps(course, 0.0)
    course.became(True, 1.0)
    assert course.due(1.0) is None


def test_who_lacks_entries_asks_again_until_they_are_there():
    course = Course(False, 0.0)
    assert steps(course, ASKED + COMPARE_DELAY, FEWER) == [HOLD, EMPTY, DRAIN, ASK, COMPARE, ASK]
    assert course.missing == 500
    assert not course.behind
    assert steps(course, ASKED + 2 * COMPARE_DELAY) == [COMPARE]
    assert course.missing == 0


def test_a_few_that_are_fewer_are_asked_for_once_more_before_a_node_has_everything():
    course, few = Course(False, 0.0), Counts(990, 1000)
    assert steps(course, ASKED + COMPARE_DELAY, few) == [HOLD, EMPTY, DRAIN, ASK, COMPARE, ASK]
    assert (course.missing, course.complete) == (0, False)
    assert steps(course, ASKED + 2 * COMPARE_DELAY, few) == [COMPARE]
    assert course.complete, "they are the other node's own"
    assert ASK not in steps(course, 600.0, few)


def test_a_few_are_asked_for_again_while_that_helps_and_not_for_ever():
    course = Course(False, 0.0)
    course.compared(Counts(900, 1000), 1.0)
    for number, here in enumerate((940, 950, 960), 1):
        course.compared(Counts(here, 1000), float(1 + number))
        assert not course.complete
    course.compared(Counts(970, 1000), 9.0)
    assert course.complete


def test_asking_that_does_not_help_is_a_problem_and_goes_on_slowly():
    course = Course(False, 0.0)
    asked = [at for at, step in carried_out(course, 120.0, FEWER) if step is ASK]
    assert course.behind
    assert len(asked) < 20
    later = [
        after - before for before, after in zip(asked[PATIENCE + 1 :], asked[PATIENCE + 2 :], strict=False)
    ]
    assert min(later) > COMPARE_DELAY


def test_a_failed_step_is_tried_again_and_none_is_left_out():
    course = Course(True, 0.0)
    course.failed(0.0)
    assert course.due(RETRY / 2) is None
    assert carried_out(course, RETRY) == [(RETRY, LEARN), (RETRY, SEND)]


@pytest.mark.parametrize("active, first", [(True, LEARN), (False, HOLD)])
def test_a_conntrackd_that_was_started_anew_begins_from_the_start(active: bool, first: CourseStep):
    course = Course(active, 0.0)
    steps(course, 10.0)
    course.restarted(11.0)
    assert course.due(11.0) is first


@pytest.mark.parametrize(
    "here, there, missing",
    [
        (None, 5000, 0),
        (5000, None, 0),
        (5000, 5000, 0),
        (9000, 5000, 0),
        (4999, 5000, 0),
        (99_899, 100_000, 101),
        (0, 100, 100),
    ],
)
def test_what_counts_as_missing(here: int | None, there: int | None, missing: int):
    assert Counts(here, there).missing == missing


@pytest.mark.parametrize(
    "entries, most, told", [(None, 0, False), (5, 0, False), (899, 1000, False), (900, 1000, True)]
)
def test_a_table_that_is_nearly_full_is_told(entries: int | None, most: int, told: bool) -> None:
    assert bool(crowding(entries, most)) == told


def test_a_node_that_joins_has_everything_once_the_numbers_agree() -> None:
    course = Course(active=False, now=0.0)
    assert not course.complete
    course.compared(Counts(5, None), 5.0)
    assert not course.complete, "the other node's number is not known"
    course.compared(FEWER, 6.0)
    assert not course.complete
    course.compared(EQUAL, 7.0)
    assert course.complete
    course.compared(FEWER, 17.0)
    assert course.complete, "what is on its way is no reason"
    course.became(True, 20.0)
    assert course.complete
    course.became(False, 30.0)
    assert not course.complete
    course.became(True, 30.5)
    assert not course.complete, "it may have emptied its table"
    course.became(False, 30.6)
    course.restarted(31.0)
    assert not course.complete
