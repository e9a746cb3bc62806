"""A page in sections that are measured one by one: a new figure of one leaves the others as they are."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.bench.parts import chosen


@dataclass(frozen=True, slots=True)
class Section:
    """One of the page's."""

    key: str
    """For `--only`."""
    title: str
    measure: Callable[[int], str]
    """Takes the number of runs; the text below the title."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of docs/ and what it consists of."""

    path: Path
    head: Callable[[str], str]
    """The text before the first section; takes the keys as one says them to `--only`."""
    sections: Sequence[Section]

    def measure(self, runs: int, only: str) -> None:
        """Measures all sections, or only one, prints them and writes each into the page when it is done.

        Raises:
            FirmwareError: there is no such part, or something did not work.
        """
        measured = chosen(self.sections, only)
        keys = "|".join(section.key for section in self.sections)
        found = _texts(self.path.read_text() if self.path.exists() else "")
        for section in measured:
            found[section.title] = section.measure(runs)
            print(f"\n## {section.title}\n\n{found[section.title]}")
            self.path.write_text(self.head(keys) + self._whole(found))

    def _whole(self, found: dict[str, str]) -> str:
        """Those that were measured, in their order."""
        texts = (
            f"## {section.title}\n\n{found[section.title].strip()}\n"
            for section in self.sections
            if section.title in found
        )
        return "\n".join(texts)


def _texts(page: str) -> dict[str, str]:
    """The texts of a page by their titles."""
    return dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n)*)", page, re.MULTILINE))
