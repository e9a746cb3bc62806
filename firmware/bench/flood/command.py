"""`bench flood`: every flood on every contender in turns; the table, the page and its drawing."""

from firmware import paths
from firmware.bench.flood import page
from firmware.bench.flood.floods import FLOODS, Flood, Seen, look
from firmware.bench.measure import say
from firmware.bench.parts import chosen

PAGE = paths.ROOT / "docs/benchmarks-flood.md"
DRAWING = PAGE.with_suffix(".svg")


def bench_flood(runs: int, only: str) -> None:
    """Measure all floods, or only one: then nothing is written.

    Raises:
        FirmwareError: there is no such flood, or something did not work.
    """
    floods = chosen(FLOODS, only)
    records = {flood: _look_in_turns(flood, runs) for flood in floods}
    print(page.figures(records))
    if not only:
        PAGE.write_text(page.whole(runs, records, DRAWING.name))
        DRAWING.write_text(page.drawing(records))


def _look_in_turns(flood: Flood, runs: int) -> dict[int, dict[str, Seen]]:
    """All in turns, so that what else the machine does falls on all."""
    records = {rate: {kind.name: Seen() for kind in flood.contenders} for rate in flood.rates}
    for run in range(runs):
        for kind in flood.contenders:
            look(flood, kind, {rate: seen[kind.name] for rate, seen in records.items()})
        say(f"{flood.title}, run {run + 1} of {runs}")
    return records
