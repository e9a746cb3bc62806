"""The intervals of RFC 9568 §6.1, against its formulas and against numbers worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.vrrp import Centiseconds, Priority
from hadaemon.vrrp.timers import active_down_interval, seconds, skew_time

BY_HAND = [
    # priority, interval in centiseconds, Skew_Time and Active_Down_Interval in seconds
    (254, 100, 0.0078125, 3.0078125),
    (100, 100, 0.609375, 3.609375),
    (1, 100, 0.99609375, 3.99609375),
    (255, 10, 0.000390625, 0.300390625),
    (128, 4095, 20.475, 143.325),
]


@pytest.mark.parametrize("priority, interval, skew, down", BY_HAND)
def test_intervals_worked_out_by_hand(priority, interval, skew, down):
    assert skew_time(Priority(priority), Centiseconds(interval)) == pytest.approx(skew)
    assert active_down_interval(Priority(priority), Centiseconds(interval)) == pytest.approx(down)


@given(st.integers(0, 255), st.integers(1, 4095))
def test_intervals_follow_the_formulas(priority, interval):
    skew = Fraction((256 - priority) * interval, 256)
    down = 3 * interval + skew
    assert skew_time(Priority(priority), Centiseconds(interval)) == pytest.approx(float(skew / 100))
    assert active_down_interval(Priority(priority), Centiseconds(interval)) == pytest.approx(
        float(down / 100)
    )


@given(st.integers(1, 254), st.integers(1, 4095))
def test_the_better_priority_takes_over_sooner(priority, interval):
    better = active_down_interval(Priority(priority + 1), Centiseconds(interval))
    assert better < active_down_interval(Priority(priority), Centiseconds(interval))


def test_a_hundred_centiseconds_are_a_second():
    assert seconds(Centiseconds(100)) == 1.0
