"""Colours in what is printed for people: only on a terminal that has them, never where they are unwanted."""

import curses
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from hadaemon.language.speech import _
from hadaemon.text.safe import own, safe

_RED, _GREEN, _YELLOW = "31", "32", "33"
_COLOURS = 8


def show(text: str) -> None:
    """Prints the text with colours."""
    print(coloured(text), file=own(sys.stdout))


def coloured(text: str, stream: TextIO | None = None) -> str:
    """The same text with colours, if what reads `stream` (standard output) has them, and with no others."""
    text = safe(text)
    if not has_colours(sys.stdout if stream is None else stream):
        return text
    for pattern, colour in _rules():
        text = pattern.sub(lambda found, colour=colour: f"\x1b[{colour}m{found[0]}\x1b[m", text)  # type: ignore[misc]
    return text


def _rules() -> Iterator[tuple[re.Pattern[str], str]]:
    """What is coloured, after everything has found its column. A colour says nothing that no word says."""
    lasting = _("{state} for {since}").removeprefix("{state}").partition("{since}")[0].rstrip()
    yield _pattern(rf"^{_words('redundant')}(?=:)"), _GREEN
    yield _pattern(rf"^{_words('degraded', 'unknown')}(?=:)"), _YELLOW
    yield _pattern(rf"^{_words('no redundancy', 'split')}(?=:).*$"), _RED
    yield _pattern(r"^  ! .*$"), _RED
    yield _pattern(rf"\b{_words('ACTIVE', 'BACKUP', 'synchronized')}\b(?!:? \()"), _GREEN
    yield _pattern(rf"^{_words('no problems', 'good')}$"), _GREEN
    bad = _words("FAULT", "FAILED", "NOT SYNCHRONIZED", "error")
    yield _pattern(rf"\b{bad}\b(?=:|,|$|{lasting})"), _RED
    yield _pattern(rf"\b{_words('MAINTENANCE', 'SUSPENDED', 'OFF', 'ON TRIAL', 'pending')}\b"), _YELLOW
    yield _pattern(rf"! {_words('differs')}"), _YELLOW


def _words(*words: str) -> str:
    """Any of them, in the person's language."""
    return f"({'|'.join(re.escape(_(word)) for word in words)})"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.MULTILINE)


def has_colours(stream: TextIO) -> bool:
    """A terminal, of a kind that knows colours, whose user has not refused them (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb" or not stream.isatty():
        return False
    try:
        curses.setupterm(fd=stream.fileno())
    except (curses.error, OSError):
        return False
    return curses.tigetnum("colors") >= _COLOURS
