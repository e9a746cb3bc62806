"""What a client saw of a failover, and how a claim is told."""

from dataclasses import dataclass

import pytest

from tests.claims.model import Asked, Claim, Held, Trace, lines_of, trace_of

EVERY = 0.2


def asked(*answered: tuple[float, float]) -> tuple[Asked, ...]:
    """A question every 0.2 s from -2 s to 20 s, answered between these moments alone."""
    times = [round(-2 + EVERY * number, 1) for number in range(111)]
    return tuple(
        Asked(at, 0.01 if any(begin <= at <= end for begin, end in answered) else None) for at in times
    )


def test_the_gap_is_from_the_last_answer_to_the_next_one():
    trace = Trace("power lost", "client pings 192.0.2.1", asked((-2, 0.4), (3.4, 20)))
    assert trace.silence == (0.4, 3.4)
    assert trace.gap == pytest.approx(3.0)


def test_a_gap_that_was_there_before_does_not_count():
    assert Trace("", "", asked((-2, -1.6), (-0.2, 20))).gap == pytest.approx(EVERY)


def test_a_gap_that_begins_before_and_ends_after_counts_whole():
    assert Trace("", "", asked((-2, -1), (3, 20))).gap == pytest.approx(4.0)


@pytest.mark.parametrize("answered", [(), ((-2, 1.0),), ((-2, -1.0),)])
def test_a_silence_may_have_no_end(answered: tuple[tuple[float, float], ...]):
    trace = Trace("", "", asked(*answered))
    if answered and answered[0][1] > 0:
        assert trace.silence == (1.0, None)
    assert trace.gap is None


def test_nothing_that_was_asked_is_no_answer():
    assert Trace("", "", ()).gap is None


@dataclass
class Probe:
    asked: float
    pinged: str | None = None
    replied: float | None = None


def test_a_watchs_questions_become_a_trace_with_names():
    probes = [Probe(99.0, "aa", 99.5), Probe(100.5, "aa"), Probe(101.0, "cc", 101.25)]
    trace = trace_of("what", "who", probes, 100.0, {"aa": "alpha"})
    assert trace.asked == (
        Asked(-1.0, 0.5, "alpha"),
        Asked(0.5),
        Asked(1.0, 0.25, "cc"),
    )


@pytest.mark.parametrize("count,kept", [(0, 0), (1, 0), (2, 0), (3, 1), (9, 7)])
def test_questions_that_may_still_be_answered_are_left_out(count: int, kept: int):
    probes = [Probe(99.0, "aa", 99.5), *(Probe(100.0 + number) for number in range(count))]
    assert len(trace_of("what", "who", probes, 100.0, {}).asked) == 1 + kept


def test_a_claim_is_told_with_its_figures_below_it():
    claim = Claim("dsl-modem", "It dials.", Held.YES, ("after 3 s", "once"))
    first, *others = lines_of(claim)
    assert first == "ok      dsl-modem         It dials."
    assert [line.strip() for line in others] == ["after 3 s", "once"]
    assert {len(line) - len(line.lstrip()) for line in others} == {first.index("It dials.")}


def test_of_a_claim_that_does_not_hold_the_reason_is_told():
    told = lines_of(Claim("a", "It holds.", Held.NO, (), reason="because\nof many\nthings"))
    assert told[0].startswith("FAILED")
    assert [line.strip() for line in told[1:]] == ["because"]
