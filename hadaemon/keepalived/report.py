"""What came of each line: carried over, changed in its meaning, or not carried over, and what to do."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hadaemon.keepalived.source import Place


class Fate(StrEnum):
    """What came of it, as the heading of its part of the report."""

    CARRIED = "Carried over"
    CHANGED = "Carried over, with another meaning"
    LOST = "Not carried over"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    fate: Fate
    places: tuple[Place, ...]
    what: str
    todo: str = ""
    """Empty: nothing has to be done."""


@dataclass(slots=True)
class Findings:
    """All of them, in the order in which they were met."""

    found: list[Finding] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What is no value at all, each with its place: with any of these nothing is imported."""

    def carried(self, place: Place, what: str) -> None:
        self._add(Fate.CARRIED, (place,), what, "")

    def changed(self, place: Place, what: str, todo: str = "") -> None:
        self._add(Fate.CHANGED, (place,), what, todo)

    def lost(self, place: Place, what: str, todo: str = "") -> None:
        self._add(Fate.LOST, (place,), what, todo)

    def refuse(self, place: Place, what: str) -> None:
        """The value at that place is none."""
        self.wrong.append(f"{place}: {what}")

    def _add(self, fate: Fate, places: tuple[Place, ...], what: str, todo: str) -> None:
        """What is said of several lines in the same words is said once."""
        for position, known in enumerate(self.found):
            if (known.fate, known.what, known.todo) == (fate, what, todo):
                together = dict.fromkeys((*known.places, *places))
                self.found[position] = Finding(fate, tuple(together), what, todo)
                return
        self.found.append(Finding(fate, places, what, todo))


_WIDTH = 100
_MOST_PLACES = 6
"""Of one finding, so many are shown."""


def report_text(title: str, findings: Sequence[Finding], todo: Sequence[str], checked: Sequence[str]) -> str:
    """The report as people read it. `checked`: what the check of the new files said."""
    parts = [title, ""]
    for fate in Fate:
        mine = sorted((each for each in findings if each.fate is fate), key=lambda each: each.places[0])
        if mine:
            parts += [f"{fate} ({len(mine)})", ""]
            for each in mine:
                parts += [*_lines_of(each), ""]
    parts += ["What is left to do", ""]
    for number, text in enumerate(todo, 1):
        parts += [*_wrapped(f"{number}. ", text), ""]
    if checked:
        parts += ["What the check of the new files says beside that", "", *_bullets(checked), ""]
    else:
        parts += ["The check of the new files finds nothing else."]
    return "\n".join(parts).rstrip("\n") + "\n"


def _lines_of(finding: Finding) -> Iterator[str]:
    shown = ", ".join(map(str, finding.places[:_MOST_PLACES]))
    more = len(finding.places) - _MOST_PLACES
    yield f"  {shown}{f' and {more} more' if more > 0 else ''}"
    yield from _wrapped("    ", finding.what)
    if finding.todo:
        yield from _wrapped("    -> ", finding.todo)


def _bullets(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _wrapped("  - ", text)


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
