"""The failovers as a drawing: each line is one run, and a bar where the client got answers. Plain SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firmware.bench.drawing import WIDTH, below_each_other, text
from firmware.bench.failover.outage import Outage

_LEFT, _RIGHT = 150, 60
_LINE, _BAR = 11, 7
"""Height of a run's line and of the bar in it."""
_TITLE, _AXIS, _BETWEEN = 34, 30, 6
_BEFORE = 0.2
"""Part of the panel's time that is shown before the failure."""
_STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 8
_COLORS = {"keepalived": "#4a6fa5"}
_OURS = "#2e7d32"

_STYLE = """
    .axis { stroke: #bbbbbb; stroke-width: 1 }
    .failure { stroke: #c62828; stroke-width: 1.5; stroke-dasharray: 4 3 }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One failure: the runs of each contender."""

    title: str
    runs: tuple[tuple[str, Sequence[Outage]], ...]

    @property
    def height(self) -> int:
        """In the drawing's units."""
        lines = sum(len(outages) for _, outages in self.runs)
        return _TITLE + lines * _LINE + (len(self.runs) - 1) * _BETWEEN + _AXIS


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time, in seconds since the failure, across the drawing."""

    begin: float
    end: float

    def x(self, moment: float) -> float:
        """Where a moment is; what is outside is at the edge."""
        within = min(max(moment, self.begin), self.end) - self.begin
        return _LEFT + within * (WIDTH - _LEFT - _RIGHT) / (self.end - self.begin)


def draw(panels: Sequence[Panel]) -> str:
    """The whole drawing."""
    return below_each_other("Answered pings around each failover", _STYLE, panels, _panel)


def _panel(panel: Panel, top: int) -> Iterable[str]:
    begin, end = span(outage for _, outages in panel.runs for outage in outages)
    axis = _Axis(begin, end)
    yield text(10, top + 22, panel.title, 'class="title"')
    line = top + _TITLE
    for name, outages in panel.runs:
        color = _COLORS.get(name, _OURS)
        yield text(_LEFT - 10, line + len(outages) * _LINE / 2 + 4, name, 'text-anchor="end"')
        for outage in outages:
            yield from _bars(outage, axis, line, color)
            yield text(WIDTH - _RIGHT + 6, line + _BAR, f"{outage.gap * 1000:.0f} ms", 'class="small"')
            line += _LINE
        line += _BETWEEN
    line -= _BETWEEN
    yield f'<path class="failure" d="M{axis.x(0):.1f} {top + _TITLE - 4}V{line}"/>'
    yield f'<path class="axis" d="M{_LEFT} {line}H{WIDTH - _RIGHT}"/>'
    for moment in ticks(begin, end):
        yield f'<path class="axis" d="M{axis.x(moment):.1f} {line}v4"/>'
        yield text(axis.x(moment), line + 17, f"{moment * 1000:g} ms", 'text-anchor="middle"')


def _bars(outage: Outage, axis: _Axis, line: int, color: str) -> Iterable[str]:
    """Where there were answers, cut to what is shown; a single answer is a thin line."""
    for first, last in outage.answering:
        if last > axis.begin and first < axis.end:
            left, right = axis.x(first), axis.x(last)
            width = max(right - left, 1.0)
            yield f'<rect x="{left:.1f}" y="{line}" width="{width:.1f}" height="{_BAR}" fill="{color}"/>'


def span(outages: Iterable[Outage]) -> tuple[float, float]:
    """The time to show, in seconds since the failure: half more than the longest gap, 100 ms at least."""
    after = max(0.1, 1.5 * max((outage.gap for outage in outages), default=0.0))
    return -_BEFORE * after, after


def ticks(begin: float, end: float) -> list[float]:
    """Round moments for the axis, 0 among them."""
    step = next((step for step in _STEPS if (end - begin) / step <= _MOST_TICKS), _STEPS[-1])
    first = -int(-begin / step)
    return [round(number * step, 3) for number in range(first, int(end / step) + 1)]
