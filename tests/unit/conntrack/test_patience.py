"""When conntrackd is started anew."""

import itertools

from hadaemon.conntrack.patience import FIRST, LONGEST, Patience


def test_its_time_begins_when_the_start_has_ended():
    patience = Patience(0.0)
    assert patience.is_over(FIRST + 1)
    patience.gave_up()
    patience.started(FIRST + 60)  # The machine is slow: the helper has answered only now.
    assert not patience.is_over(FIRST + 60 + 2 * FIRST - 1)
    assert patience.is_over(FIRST + 60 + 2 * FIRST + 1)


def test_starts_that_do_not_help_become_rare():
    patience, now, moments = Patience(0.0), 0.0, []
    while now < 3600:
        now += 1
        if patience.is_over(now):
            moments.append(now)
            patience.gave_up()
            patience.started(now)
    pauses = [after - before for before, after in itertools.pairwise(moments)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST + 1
    assert len(moments) < 20


def test_one_that_obeys_again_is_waited_for_as_at_first():
    patience = Patience(0.0)
    for _ in range(3):
        patience.gave_up()
    patience.obeyed(100.0)
    assert not patience.is_over(100.0 + FIRST)
    assert patience.is_over(100.0 + FIRST + 1)
