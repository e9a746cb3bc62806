"""What the drawings of all benchmarks have in common: panels below each other. Plain SVG."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Protocol, TypeVar

WIDTH = 900
TEXT_STYLE = """
    text { font-size: 12px; fill: #444444 }
    .title { font-size: 15px; fill: #1a1a1a; font-weight: bold }
    .small { font-size: 9px }
"""
_MARGIN = 10


class HasHeight(Protocol):
    """One part of a drawing."""

    @property
    def height(self) -> int:
        """In the drawing's units."""


Panel = TypeVar("Panel", bound=HasHeight)


def below_each_other(
    title: str, style: str, panels: Sequence[Panel], lines: Callable[[Panel, int], Iterable[str]]
) -> str:
    """A whole drawing. `style`: CSS beside TEXT_STYLE; `lines`: the elements of a panel that begins at a
    height."""
    body: list[str] = []
    top = 0
    for panel in panels:
        body += lines(panel, top)
        top += panel.height
    height = top + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
        f"  <title>{escape(title)}</title>\n"
        f"  <style>{TEXT_STYLE.rstrip()}{style}  </style>\n"
        f'  <rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        + "".join(f"  {line}\n" for line in body)
        + "</svg>\n"
    )


def text(x: float, y: float, content: str, attributes: str) -> str:
    """An element; `attributes` as SVG has them."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'
