"""Figures with their spread, and the Markdown table that shows two of them beside each other."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """Several measurements of one thing, in `unit`."""

    values: tuple[float, ...]
    unit: str = "s"
    digits: int = 1
    """Decimal places that are shown."""

    @property
    def median(self) -> float:
        """What stands for all of them."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        """The median, and from least to most where there are several."""
        text = f"{self._shown(self.median)} {self.unit}".rstrip()
        if len(self.values) > 1:
            text += f" ({self._shown(min(self.values))} to {self._shown(max(self.values))})"
        return text

    def _shown(self, value: float) -> str:
        return f"{value:.{self.digits}f}"


@dataclass(frozen=True)
class Row:
    """One line of the table; `peer` and `target` where there are such.

    `ours` is a text where there is no figure yet.
    """

    what: str
    ours: Figure | str
    peer: Figure | None = None
    target: str = ""

    def cells(self) -> tuple[str, ...]:
        """The texts of the line."""
        return self.what, str(self.ours), str(self.peer or ""), self._ratio(), self.target

    def _ratio(self) -> str:
        if isinstance(self.ours, str) or self.peer is None or self.peer.median == 0:
            return ""
        return f"{self.ours.median / self.peer.median:.2f}"


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes, in seconds of wall time."""
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def table(header: Iterable[str], rows: Iterable[Row]) -> str:
    """A Markdown table of figures."""
    return markdown(header, (row.cells() for row in rows))


def markdown(header: Iterable[str], lines: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table of texts."""
    shown = [tuple(header), *lines]
    shown.insert(1, tuple("---" for _ in shown[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in shown)


def machine() -> str:
    """What was measured on, without saying which machine it is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} processors ({model or platform.machine()})"


def say(text: str) -> None:
    """Progress of a long measurement."""
    print(f"  {text}", flush=True)
