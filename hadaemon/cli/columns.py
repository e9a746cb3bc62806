"""Columns of text, and durations. Pure."""

from collections.abc import Iterator, Sequence

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns below a header."""
    yield from columns((header, *rows))


def duration(seconds: float) -> str:
    """At most two units: `3 h 2 min`."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
