"""A session as an animated picture: one SVG without scripts, which GitHub and every browser play.

Its own writer, and not termtosvg or svg-term: those are no longer kept, or need Node.js, and draw a
terminal's colours and cursor, of which a dumb line has none. Every part of a line is a <text> that is shown
from its time on; the paper moves up under a window of 24 lines.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from firmware.screens.session import Piece

COLUMNS, ROWS = 80, 24
_WIDTH, _HEIGHT = 8.4, 18
"""Of a character and a line, in units of the picture."""
_MARGIN = 12
_END = 4.0
"""Seconds that the last screen stays before it begins anew."""


def picture(pieces: Sequence[Piece]) -> str:
    """The SVG's text."""
    lines = _lines(pieces)
    seconds = pieces[-1].seconds + _END
    width, height = COLUMNS * _WIDTH + 2 * _MARGIN, ROWS * _HEIGHT + 2 * _MARGIN
    drawn = [_line(number, text, parts, seconds) for number, (text, parts) in enumerate(lines)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width:g} {height}" '
        f'width="{width:g}" height="{height}" role="img" aria-label="The first set-up of a master">\n'
        "<style>\n"
        "text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#ddd;white-space:pre}\n"
        f"#paper{{animation:roll {seconds:.2f}s infinite}}\n"
        f"@keyframes roll{{{_roll(lines, seconds)}}}\n"
        "</style>\n"
        f'<rect width="{width:g}" height="{height}" rx="6" fill="#181818"/>\n'
        f'<svg x="{_MARGIN}" y="{_MARGIN}" width="{COLUMNS * _WIDTH:g}" height="{ROWS * _HEIGHT}">\n'
        '<g id="paper">\n' + "".join(drawn) + "</g>\n</svg>\n</svg>\n"
    )


def _lines(pieces: Sequence[Piece]) -> list[tuple[str, list[tuple[float, int]]]]:
    """Each line, and at which time how much of it was there."""
    lines: list[tuple[str, list[tuple[float, int]]]] = [("", [])]
    for piece in pieces:
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                lines.append(("", []))
            if part:
                text, parts = lines[-1]
                lines[-1] = text + part, [*parts, (piece.seconds, len(text + part))]
            elif number:
                lines[-1] = "", [(piece.seconds, 0)]
    return lines


def _line(number: int, text: str, parts: list[tuple[float, int]], seconds: float) -> str:
    """Its parts, each shown from its time on."""
    drawn, before = [], 0
    for moment, end in parts:
        part = text[before:end]
        if part.strip():
            drawn.append(
                f'<text x="{before * _WIDTH:.1f}" y="{(number + 1) * _HEIGHT - 4}" visibility="hidden">'
                f"{escape(part)}"
                f'<animate attributeName="visibility" values="hidden;visible" keyTimes="0;'
                f'{moment / seconds:.5f}" dur="{seconds:.2f}s" calcMode="discrete" repeatCount="indefinite"/>'
                "</text>\n"
            )
        before = end
    return "".join(drawn)


def _roll(lines: list[tuple[str, list[tuple[float, int]]]], seconds: float) -> str:
    """One step a time at which the paper moves."""
    steps: dict[str, int] = {"0.000": 0}
    for number, (_, parts) in enumerate(lines):
        if number >= ROWS and parts:
            steps[f"{100 * parts[0][0] / seconds:.3f}"] = (number - ROWS + 1) * _HEIGHT
    frames = [
        f"{at}%{{transform:translateY(-{up}px);animation-timing-function:step-end}}"
        for at, up in steps.items()
    ]
    return "".join([*frames, f"100%{{transform:translateY(-{max(steps.values())}px)}}"])
