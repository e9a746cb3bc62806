"""The drawing of the failovers."""

from xml.etree import ElementTree

import pytest

from firmware.bench.failover.outage import Outage
from firmware.bench.failover.plot import Panel, draw, span, ticks

SVG = "{http://www.w3.org/2000/svg}"


def panel(*gaps: float) -> Panel:
    """Both contenders with the same gaps."""
    outages = tuple(Outage(1, gap, ((-2.0, 0.0), (gap, 2.0))) for gap in gaps)
    return Panel("a <failure> & more", (("hadaemon", outages), ("keepalived", outages)))


def test_each_run_is_a_line_with_its_bars_and_its_gap():
    drawing = ElementTree.fromstring(draw([panel(0.2, 0.3)]))
    bars = [e for e in drawing.iter(f"{SVG}rect") if e.get("fill") not in ("#ffffff", None)]
    assert len({bar.get("y") for bar in bars}) == 4
    assert len(bars) == 8
    texts = [element.text for element in drawing.iter(f"{SVG}text")]
    assert "a <failure> & more" in texts
    assert (texts.count("200 ms"), texts.count("300 ms")) >= (2, 2)


def test_everything_is_within_the_picture():
    drawing = ElementTree.fromstring(draw([panel(0.2), panel(3.0, 0.0)]))
    _, _, width, height = map(float, str(drawing.get("viewBox")).split())
    for bar in drawing.iter(f"{SVG}rect"):
        x, y = float(bar.get("x", "0")), float(bar.get("y", "0"))
        assert 0 <= x <= x + float(bar.get("width", "0")) <= width
        assert 0 <= y <= y + float(bar.get("height", "0")) <= height


def test_a_gap_is_drawn_where_it_was():
    drawing = ElementTree.fromstring(draw([panel(0.5)]))
    bars = [e for e in drawing.iter(f"{SVG}rect") if e.get("fill") not in ("#ffffff", None)]
    before, after = bars[:2]
    end_of_first = float(before.get("x", "")) + float(before.get("width", ""))
    begin, end = span([Outage(1, 0.5, ())])
    scale = (float(after.get("x", "")) - end_of_first) / 0.5
    assert scale * (end - begin) == pytest.approx(900 - 150 - 60, abs=1)


@pytest.mark.parametrize("begin,end", [(-0.02, 0.1), (-0.075, 0.375), (-0.9, 4.5), (-3.0, 15.0)])
def test_the_axis_has_a_few_round_ticks_and_zero_among_them(begin: float, end: float):
    marks = ticks(begin, end)
    assert 0 in marks
    assert 2 <= len(marks) <= 9
    assert all(begin <= mark <= end for mark in marks)


def test_an_empty_panel_can_be_drawn():
    ElementTree.fromstring(draw([Panel("nothing", (("hadaemon", ()),))]))
