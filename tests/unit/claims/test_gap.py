"""The drawing of a failover."""

import re
from xml.etree import ElementTree

import pytest

from tests.claims.gap import draw, ticks
from tests.claims.model import Asked, Trace

SVG = "{http://www.w3.org/2000/svg}"


def trace(gap: float, until: float = 30.0) -> Trace:
    """alpha answers until it happens; after the gap, beta does."""
    times = [number / 5 for number in range(-50, int(until * 5))]
    return Trace(
        "power of <alpha> lost",
        "client & co",
        tuple(
            Asked(at, 0.01, "alpha") if at <= 0 else Asked(at, 0.02, "beta") if at >= gap else Asked(at)
            for at in times
        ),
    )


def drawn(each: Trace) -> ElementTree.Element:
    return ElementTree.fromstring(draw(each))


def texts(drawing: ElementTree.Element) -> list[str]:
    return [str(element.text) for element in drawing.iter(f"{SVG}text")]


def ticks_of(drawing: ElementTree.Element) -> dict[str, list[float]]:
    """Where the questions are, by the colour of their lane."""
    found: dict[str, list[float]] = {}
    for path in drawing.iter(f"{SVG}path"):
        if at := re.fullmatch(r"M([\d.]+) [\d.]+v14", path.get("d", "")):
            found.setdefault(path.get("stroke", ""), []).append(float(at[1]))
    return found


def test_who_answered_has_a_lane_and_nobody_too():
    drawing = drawn(trace(3.0))
    said = texts(drawing)
    assert [said.index(name) for name in ("alpha", "beta", "no answer")] == sorted(
        said.index(name) for name in ("alpha", "beta", "no answer")
    )
    assert "power of <alpha> lost: no answer for 3.0 s" in said
    assert "client & co" in said
    alpha, beta, nobody = ticks_of(drawing).values()
    assert max(alpha) < min(nobody) <= max(nobody) < min(beta)


@pytest.mark.parametrize("gap", [0.2, 3.0, 29.0, 40.0])
def test_everything_is_within_the_picture(gap: float):
    drawing = drawn(trace(gap))
    _, _, width, height = map(float, str(drawing.get("viewBox")).split())
    for lane in ticks_of(drawing).values():
        assert 0 <= min(lane) <= max(lane) <= width
    for bar in drawing.iter(f"{SVG}rect"):
        x, y = float(bar.get("x", "0")), float(bar.get("y", "0"))
        assert 0 <= x <= x + float(bar.get("width", "-1")) <= width
        assert 0 <= y <= y + float(bar.get("height", "-1")) <= height


def test_the_silence_is_marked_where_it_was():
    drawing = drawn(trace(3.0))
    (bar,) = drawing.iter(f"{SVG}rect")
    alpha, beta, _ = ticks_of(drawing).values()
    assert float(bar.get("x", "")) == pytest.approx(max(alpha), abs=0.2)
    assert float(bar.get("x", "")) + float(bar.get("width", "")) == pytest.approx(min(beta), abs=0.2)


def test_a_silence_without_end_goes_to_the_edge():
    drawing = drawn(trace(40.0))
    assert "power of <alpha> lost: no answer any more" in texts(drawing)
    (bar,) = drawing.iter(f"{SVG}rect")
    assert float(bar.get("x", "")) + float(bar.get("width", "")) == pytest.approx(870, abs=0.2)


@pytest.mark.parametrize("nothing", [Trace("", "", ()), Trace("", "", (Asked(-20.0, 0.1),))])
def test_little_can_be_drawn(nothing: Trace):
    drawn(nothing)


@pytest.mark.parametrize("end", [1.0, 10.0, 37.0, 400.0])
def test_the_axis_has_a_few_round_ticks_and_zero_among_them(end: float):
    marks = ticks(end)
    assert 0 in marks
    assert 2 <= len(marks) <= 13
    assert all(-5 <= mark <= end for mark in marks)
