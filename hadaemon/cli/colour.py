"""Colours in what is printed for people: only on a terminal that has them, never where they are unwanted."""

import curses
import os
import re
import sys
from typing import TextIO

_RED, _GREEN, _YELLOW = "31", "32", "33"
_COLOURS = 8

_RULES = (
    (re.compile(r"^redundant(?=:)", re.MULTILINE), _GREEN),
    (re.compile(r"^(degraded|unknown)(?=:)", re.MULTILINE), _YELLOW),
    (re.compile(r"^(no redundancy|split)(?=:).*$", re.MULTILINE), _RED),
    (re.compile(r"^  ! .*$", re.MULTILINE), _RED),
    (re.compile(r"\b(ACTIVE|BACKUP|synchronized)\b(?!:? \()|^(no problems|good)$", re.MULTILINE), _GREEN),
    (re.compile(r"\b(FAULT|FAILED|NOT SYNCHRONIZED|error)\b(?=:|,|$| for)", re.MULTILINE), _RED),
    (re.compile(r"\b(MAINTENANCE|SUSPENDED|OFF|ON TRIAL|pending)\b|! differs"), _YELLOW),
)
"""What is coloured, after everything has found its column. A colour says nothing that no word says."""


def coloured(text: str, stream: TextIO | None = None) -> str:
    """The same text with colours, if what reads `stream` (standard output) has them."""
    if not has_colours(sys.stdout if stream is None else stream):
        return text
    for pattern, colour in _RULES:
        text = pattern.sub(lambda found, colour=colour: f"\x1b[{colour}m{found[0]}\x1b[m", text)  # type: ignore[misc]
    return text


def has_colours(stream: TextIO) -> bool:
    """A terminal, of a kind that knows colours, whose user has not refused them (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb" or not stream.isatty():
        return False
    try:
        curses.setupterm(fd=stream.fileno())
    except (curses.error, OSError):
        return False
    return curses.tigetnum("colors") >= _COLOURS
