"""A failover as a client saw it: a tick for each question, in a lane for each who answered. Plain SVG."""

from collections.abc import Iterator
from html import escape

from tests.claims.model import Trace

_WIDTH, _LEFT, _RIGHT = 900, 170, 30
_TOP, _LANE, _TICK, _AXIS = 46, 24, 14, 30
_BEFORE, _SHORTEST = 5.0, 10.0
"""Seconds that are shown before it happened, and after it at least."""
_NOBODY = "no answer"
_SILENT, _SILENCE = "#c62828", "#fbe3e3"
_COLORS = ("#2e7d32", "#1565c0", "#6a4c93", "#8d6e00")
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_MOST_TICKS = 12


def draw(trace: Trace) -> str:
    """The drawing, to stand in a page."""
    end = _end(trace)
    shown = [each for each in trace.asked if -_BEFORE <= each.at <= end]
    names = list(dict.fromkeys(each.by or "answer" for each in shown if each.took is not None))
    lanes = [*names, _NOBODY]
    height = _TOP + len(lanes) * _LANE + _AXIS

    def x(moment: float) -> float:
        return _LEFT + (moment + _BEFORE) * (_WIDTH - _LEFT - _RIGHT) / (end + _BEFORE)

    def body() -> Iterator[str]:
        yield _text(10, 18, f"{trace.what}: {told_gap(trace)}", 'class="title"')
        yield _text(10, 34, trace.who, "")
        bottom = _TOP + len(lanes) * _LANE
        left, right = (x(min(max(moment, -_BEFORE), end)) for moment in _silence(trace, end))
        yield (
            f'<rect x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
            f'height="{bottom - _TOP}" fill="{_SILENCE}"/>'
        )
        for number, name in enumerate(lanes):
            y = _TOP + number * _LANE
            color = _SILENT if name is _NOBODY else _COLORS[number % len(_COLORS)]
            yield _text(_LEFT - 10, y + 16, name, 'text-anchor="end"')
            for each in shown:
                if name == (_NOBODY if each.took is None else each.by or "answer"):
                    at = x(each.at)
                    yield f'<path stroke="{color}" stroke-width="2" d="M{at:.1f} {y + 5}v{_TICK}"/>'
        yield f'<path stroke="#1a1a1a" stroke-dasharray="4 3" d="M{x(0):.1f} {_TOP - 4}V{bottom}"/>'
        yield f'<path stroke="#888888" d="M{_LEFT} {bottom}H{_WIDTH - _RIGHT}"/>'
        for moment in ticks(end):
            yield f'<path stroke="#888888" d="M{x(moment):.1f} {bottom}v4"/>'
            yield _text(x(moment), bottom + 18, f"{moment:g} s", 'text-anchor="middle"')

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gap" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>{escape(trace.what)}</title>{''.join(body())}</svg>"
    )


def told_gap(trace: Trace) -> str:
    """The longest time without an answer, in words."""
    gap = trace.gap
    return "no answer any more" if gap is None else f"no answer for {gap:.1f} s"


def _silence(trace: Trace, end: float) -> tuple[float, float]:
    """It may go on to the edge."""
    begin, until = trace.silence
    return begin, end if until is None else until


def _end(trace: Trace) -> float:
    """Of what is shown: until a while after the silence, and no more than there is."""
    last = max((each.at for each in trace.asked), default=_SHORTEST)
    _, until = trace.silence
    wanted = last if until is None else max(_SHORTEST, until + _BEFORE)
    return max(min(wanted, last), 1.0)


def ticks(end: float) -> list[float]:
    """Round moments for the axis, 0 among them."""
    step = next((step for step in _STEPS if (end + _BEFORE) / step <= _MOST_TICKS), _STEPS[-1])
    return [number * step for number in range(-int(_BEFORE / step), int(end / step) + 1)]


def _text(x: float, y: float, content: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'
