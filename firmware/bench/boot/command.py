"""`bench boot`: the sections of its page, measured in turns."""

from firmware import paths
from firmware.bench.boot import page
from firmware.bench.boot.contenders import NODE, Contender, Hotspare, PlainDebian
from firmware.bench.boot.page import BOOTS, FIRST, LATER, Boots
from firmware.bench.measure import machine, say
from firmware.bench.sections import Page, Section

PAGE = paths.ROOT / "docs/benchmarks-boot.md"
DRAWING = PAGE.with_suffix(".svg")


def bench_boot(runs: int, only: str) -> None:
    """Measure all sections, or only one, print them and write docs/benchmarks-boot.md and its drawing."""

    def head(keys: str) -> str:
        return page.INTRODUCTION.format(machine=machine(), keys=keys)

    Page(PAGE, head, SECTIONS).measure(runs, only)


def measure_node(runs: int) -> str:
    """The section's text; the drawing is written beside the page."""
    contenders = (Hotspare(), PlainDebian())
    boots: Boots = {(kind.name, which): [] for kind in contenders for which in BOOTS}
    for run in range(runs):
        for kind in contenders:
            _boot_twice(kind, boots)
            last = "; ".join(f"{which} {page.told(boots[kind.name, which][-1])}" for which in BOOTS)
            say(f"run {run + 1} of {runs}: {kind.name} to {kind.end}: {last}")
    DRAWING.write_text(page.drawing(boots))
    return page.node_section(boots, runs, DRAWING.name)


def _boot_twice(kind: Contender, boots: Boots) -> None:
    """A fresh disk's first boot, and the one after an orderly power-off."""
    with kind.lab() as lab:
        boots[kind.name, FIRST].append(kind.boot(lab))
        kind.shutdown(lab.node(NODE))
        boots[kind.name, LATER].append(kind.boot(lab))


SECTIONS = (Section("node", "One node", measure_node),)
