"""The daemons' processors as bars, one panel a flood. Plain SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 900
_LEFT, _RIGHT = 220, 80
_LINE, _BAR, _TITLE, _BETWEEN = 17, 11, 30, 8
_FULL = 100.0
"""Percent at the right edge."""
_PEER, _PEER_COLOR, _OURS_COLOR = "keepalived", "#4a6fa5", "#2e7d32"

_STYLE = """
    text { font-size: 12px; fill: #444444 }
    .title { font-size: 15px; fill: #1a1a1a; font-weight: bold }
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
    height = sum(panel.height for panel in panels) + 10
    body: list[str] = []
    top = 0
    for panel in panels:
        body += _panel(panel, top)
        top += panel.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
        "  <title>Processor of the daemons in each flood</title>\n"
        f"  <style>{_STYLE}  </style>\n"
        f'  <rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "".join(f"  {line}\n" for line in body)
        + "</svg>\n"
    )


def _panel(panel: Bars, top: int) -> Iterable[str]:
    yield _text(10, top + 22, panel.title, 'class="title"')
    line = top + _TITLE
    for label, percent in panel.values:
        width = min(percent, _FULL) / _FULL * (_WIDTH - _LEFT - _RIGHT)
        color = _PEER_COLOR if label.startswith(_PEER) else _OURS_COLOR
        yield _text(_LEFT - 8, line + _BAR, label, 'text-anchor="end"')
        yield (
            f'<rect x="{_LEFT}" y="{line + 1}" width="{max(width, 0.5):.1f}" height="{_BAR}" fill="{color}"/>'
        )
        yield _text(_LEFT + width + 6, line + _BAR, f"{percent:.1f} %", "")
        line += _LINE
    yield f'<path class="edge" d="M{_LEFT} {top + _TITLE - 2}V{line}"/>'


def _text(x: float, y: float, content: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'
