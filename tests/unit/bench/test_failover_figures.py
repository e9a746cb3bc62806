"""The pure parts of `bench failover`: from a client's record to gaps, figures and the table."""

import pytest

from firmware.bench.failover.command import contenders
from firmware.bench.failover.failures import FAILURES
from firmware.bench.failover.load import LOADS, Cost, Costs
from firmware.bench.failover.outage import PERIOD, Outage, greatest_gap, outage, stretches
from firmware.bench.failover.page import Results, figures
from firmware.bench.failover.wire import greatest_gap_of_all
from firmware.bench.measure import Figure, Row, table
from firmware.lab.errors import LabError


def record(requests: int, unanswered: range) -> tuple[list[float], list[tuple[int, float]]]:
    """A client's record from second 1000 on; each answer takes a millisecond."""
    sent = [1000 + number * PERIOD for number in range(requests)]
    answered = [(n, moment + 0.001) for n, moment in enumerate(sent) if n not in unanswered]
    return sent, answered


def test_an_outage_is_told_by_its_lost_pings_and_its_gap():
    sent, answered = record(200, unanswered=range(100, 151))
    seen = outage(sent, answered, failure=1000.5)
    assert seen.lost == 51
    assert seen.gap == pytest.approx(52 * PERIOD)
    (begin, end), (again, last) = seen.answering
    assert (begin, end) == (pytest.approx(-0.499), pytest.approx(-0.004))
    assert (again, last) == (pytest.approx(0.256), pytest.approx(0.496))


def test_without_an_outage_nothing_is_lost_and_the_gap_is_the_period():
    seen = outage(*record(50, unanswered=range(0)), failure=1000)
    assert seen.lost == 0
    assert seen.gap == pytest.approx(PERIOD)
    assert len(seen.answering) == 1


def test_requests_before_the_first_answer_do_not_count():
    assert outage(*record(50, unanswered=range(5)), failure=1000).lost == 0


def test_a_request_that_is_never_answered_again_counts():
    assert outage(*record(50, unanswered=range(40, 50)), failure=1000).lost == 10


def test_answers_that_come_in_another_order_are_no_gap():
    sent, answered = record(10, unanswered=range(0))
    assert outage(sent, answered[::-1], failure=1000) == outage(sent, answered, failure=1000)


def test_the_greatest_gap():
    assert greatest_gap([1.0, 1.5, 3.0, 3.1]) == 1.5
    assert greatest_gap([1.0]) == 0.0
    assert greatest_gap([]) == 0.0


def test_moments_close_to_each_other_are_one_stretch():
    assert stretches([0.0, 0.1, 0.2, 1.0, 2.0, 2.1], silence=0.15) == ((0.0, 0.2), (1.0, 1.0), (2.0, 2.1))
    assert stretches([]) == ()


def test_the_greatest_gap_of_all_interfaces_needs_advertisements_on_each():
    moments = {"a": [0.0, 0.1, 0.2], "b": [0.05, 0.15, 0.4]}
    assert greatest_gap_of_all(moments, 2) == pytest.approx(0.25)
    with pytest.raises(LabError, match="2 of 3"):
        greatest_gap_of_all(moments, 3)
    with pytest.raises(LabError, match="1 of 2"):
        greatest_gap_of_all({"a": [0.0, 0.1], "b": [0.5]}, 2)


def test_a_figure_shows_its_median_and_its_spread():
    assert str(Figure((3.0, 1.0, 2.0), "ms", 0)) == "2 ms (1 to 3)"
    assert str(Figure((1.25,), "%", 2)) == "1.25 %"
    assert str(Figure((7.0, 8.0, 8.0), "", 0)) == "8 (7 to 8)"


@pytest.mark.parametrize(
    "row,ratio",
    [
        pytest.param(Row("x", Figure((1.0,)), Figure((4.0,))), "0.25", id="two figures"),
        pytest.param(Row("x", Figure((0.0,)), Figure((0.0,))), "", id="nothing to divide by"),
        pytest.param(Row("x", Figure((1.0,))), "", id="no peer"),
        pytest.param(Row("x", "not yet", Figure((4.0,))), "", id="no figure of ours"),
    ],
)
def test_the_ratio_is_shown_where_there_is_one(row: Row, ratio: str):
    assert row.cells()[3] == ratio


def test_a_table_is_markdown():
    text = table(
        ("what", "a", "b", "ratio", "to reach"), [Row("boot", Figure((2.0,)), Figure((4.0,)), "3 s")]
    )
    assert text.splitlines() == [
        "| what | a | b | ratio | to reach |",
        "| --- | --- | --- | --- | --- |",
        "| boot | 2.0 s | 4.0 s | 0.50 | 3 s |",
    ]


def results() -> Results:
    """Every part, measured twice: hadaemon is always twice as good."""
    good, bad = (Outage(lost, gap, ((-0.1, 0.0), (gap, 1.0))) for lost, gap in ((20, 0.1), (40, 0.2)))
    outages = {"hadaemon, hotwire": (good, good), "hadaemon": (good, good), "keepalived": (bad, bad)}
    without = {name: seen for name, seen in outages.items() if "hotwire" not in name}
    costs = {
        name: Costs(
            Cost([1.0 * factor], [20.0 * factor]), Cost([2.0 * factor], [20.0 * factor]), [0.1 * factor]
        )
        for name, factor in (("hadaemon, hotwire", 1), ("hadaemon", 1), ("keepalived", 2))
    }
    return Results(
        2, {f: outages if f.hotwire_goal else without for f in FAILURES}, dict.fromkeys(LOADS, costs)
    )


def test_every_part_is_in_the_table_with_its_ratio():
    lines = figures(results()).splitlines()[2:]
    for part in (*FAILURES, *LOADS):
        assert any(part.title in line for line in lines)
    ratios = [line.split(" | ")[3] for line in lines]
    assert set(ratios) == {"0.50"}


def test_what_the_hotwire_brings_stands_beside_the_same_peer():
    with_hotwire = [line for line in figures(results()).splitlines() if "with the hotwire: gap" in line]
    assert [line.rstrip(" |").split(" | ")[-1] for line in with_hotwire] == ["60 ms", "30 ms"]
    assert all("200 ms (200 to 200)" in line for line in with_hotwire)


def test_who_is_measured():
    assert [kind.name for kind in contenders(hotwire=False)] == ["hadaemon", "keepalived"]
    assert [kind.name for kind in contenders(hotwire=True)] == ["hadaemon, hotwire", "hadaemon", "keepalived"]
