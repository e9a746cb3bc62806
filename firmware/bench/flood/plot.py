"""The daemons' processors as bars, one panel a flood. Plain SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firmware.bench.drawing import WIDTH, below_each_other, text

_LEFT, _RIGHT = 220, 80
_LINE, _BAR, _TITLE, _BETWEEN = 17, 11, 30, 8
_FULL = 100.0
"""Percent at the right edge."""
_PEER, _PEER_COLOR, _OURS_COLOR = "keepalived", "#4a6fa5", "#2e7d32"

_STYLE = """
    .edge { stroke: #bbbbbb; stroke-width: 1 }
"""


@dataclass(frozen=True, slots=True)
class Bars:
    """One flood: what each daemon took, in percent of a processor."""

    title: str
    values: tuple[tuple[str, float], ...]

    @property
    def height(self) -> int:
        """In the drawing's units."""
        return _TITLE + len(self.values) * _LINE + _BETWEEN


def draw(panels: Sequence[Bars]) -> str:
    """The whole drawing."""
    return below_each_other("Processor of the daemons in each flood", _STYLE, panels, _panel)


def _panel(panel: Bars, top: int) -> Iterable[str]:
    yield text(10, top + 22, panel.title, 'class="title"')
    line = top + _TITLE
    for label, percent in panel.values:
        width = min(percent, _FULL) / _FULL * (WIDTH - _LEFT - _RIGHT)
        color = _PEER_COLOR if label.startswith(_PEER) else _OURS_COLOR
        yield text(_LEFT - 8, line + _BAR, label, 'text-anchor="end"')
        yield (
            f'<rect x="{_LEFT}" y="{line + 1}" width="{max(width, 0.5):.1f}" height="{_BAR}" fill="{color}"/>'
        )
        yield text(_LEFT + width + 6, line + _BAR, f"{percent:.1f} %", "")
        line += _LINE
    yield f'<path class="edge" d="M{_LEFT} {top + _TITLE - 2}V{line}"/>'
