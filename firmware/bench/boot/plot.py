"""A boot of each over time: a line with the phases, and one for each of the dearest units. Plain SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firmware.bench.drawing import WIDTH, below_each_other, text

_LEFT, _RIGHT = 250, 60
_LEGEND, _LEGEND_STEP = 340, 138
_LINE, _BAR = 15, 10
_TITLE, _AXIS = 34, 34
_STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_MOST_TICKS = 12
_PHASE_COLORS = ("#b0bec5", "#8d6e63", "#ef9a3c", "#2e7d32")
"""Of the phases, in their order."""
_UNIT_COLOR = "#4a6fa5"

_STYLE = """
    .axis { stroke: #bbbbbb; stroke-width: 1 }
    .end { stroke: #c62828; stroke-width: 1.5; stroke-dasharray: 4 3 }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted, in seconds since power-on; `note` is said behind it."""

    name: str
    begin: float
    end: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One boot: its phases follow each other on one line, its units have a line each."""

    title: str
    phases: tuple[Bar, ...]
    units: tuple[Bar, ...]
    end: float
    """The moment that is measured."""

    @property
    def height(self) -> int:
        """In the drawing's units."""
        return _TITLE + (1 + len(self.units)) * _LINE + _AXIS


def draw(panels: Sequence[Panel]) -> str:
    """The whole drawing: all panels over the same axis."""
    last = max(bar.end for panel in panels for bar in (*panel.phases, *panel.units))
    return below_each_other(
        "Where the time of a boot goes", _STYLE, panels, lambda panel, top: _panel(panel, top, last)
    )


def ticks(last: float) -> list[float]:
    """Round moments for the axis, from 0 on."""
    step = next((step for step in _STEPS if last / step <= _MOST_TICKS), _STEPS[-1])
    return [number * step for number in range(int(last / step) + 1)]


def _panel(panel: Panel, top: int, last: float) -> Iterable[str]:
    scale = (WIDTH - _LEFT - _RIGHT) / last
    yield text(10, top + 22, panel.title, 'class="title"')
    line = top + _TITLE
    for number, (bar, color) in enumerate(zip(panel.phases, _PHASE_COLORS, strict=True)):
        yield from _bar(bar, line, scale, color)
        place = _LEGEND + number * _LEGEND_STEP
        yield f'<rect x="{place}" y="{top + 13}" width="{_BAR}" height="{_BAR}" fill="{color}"/>'
        yield text(place + 14, top + 22, f"{bar.name} {bar.end - bar.begin:.1f} s", 'class="small"')
    for bar in panel.units:
        line += _LINE
        yield text(_LEFT - 10, line + _BAR, bar.name, 'text-anchor="end"')
        yield from _bar(bar, line, scale, _UNIT_COLOR)
        yield text(_LEFT + bar.end * scale + 4, line + _BAR - 1, bar.note, 'class="small"')
    line += _LINE
    yield f'<path class="end" d="M{_LEFT + panel.end * scale:.1f} {top + _TITLE - 4}V{line}"/>'
    yield f'<path class="axis" d="M{_LEFT} {line}H{WIDTH - _RIGHT}"/>'
    for moment in ticks(last):
        x = _LEFT + moment * scale
        yield f'<path class="axis" d="M{x:.1f} {line}v4"/>'
        yield text(x, line + 17, f"{moment:g} s", 'text-anchor="middle"')


def _bar(bar: Bar, line: int, scale: float, color: str) -> Iterable[str]:
    left, width = _LEFT + bar.begin * scale, max((bar.end - bar.begin) * scale, 1.0)
    yield f'<rect x="{left:.1f}" y="{line}" width="{width:.1f}" height="{_BAR}" fill="{color}"/>'
