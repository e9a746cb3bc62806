"""`bench boot`: the sections of its page, measured in turns."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from firmware import paths
from firmware.bench.boot import page, programs
from firmware.bench.boot.contenders import END, KERNEL, NODE, Boot, Contender, Hotspare, PlainDebian
from firmware.bench.boot.page import BOOTS, FIRST, LATER, Boots
from firmware.bench.boot.pair import ARRIVALS, Arrival, pair_boots
from firmware.bench.boot.programs import Program
from firmware.bench.measure import machine, say
from firmware.bench.sections import Page, Section
from firmware.lab.lab import Lab
from firmware.lab.node import Node

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
            with kind.lab() as lab:
                for which, boot in _boot_twice(kind, lab):
                    boots[kind.name, which].append(boot)
                    summary = page.summary(boot)
                    say(f"run {run + 1} of {runs}: {kind.name}, {which} boot to {kind.end}: {summary}")
    DRAWING.write_text(page.drawing(boots))
    return page.node_section(boots, runs, DRAWING.name)


def measure_programs(_runs: int) -> str:
    """The section's text: each boot is looked at once."""
    started: dict[tuple[str, str], tuple[Program, ...]] = {}
    with tempfile.TemporaryDirectory(prefix="hotspare-") as folder:
        programs.write_overlay(Path(folder))
        ours = Hotspare(Path(folder))
    counted: tuple[tuple[Contender, tuple[str, ...]], ...] = (
        (ours, ()),
        (PlainDebian(), programs.credentials()),
    )
    for kind, extra in counted:
        with kind.lab(extra) as lab:
            for which, boot in _boot_twice(kind, lab):
                started[kind.name, which] = _started(kind, lab.node(NODE), boot)
                say(f"{kind.name}, {which} boot: {sum(p.starts for p in started[kind.name, which])} programs")
    return page.programs_section(started)


def _boot_twice(kind: Contender, lab: Lab) -> Iterator[tuple[str, Boot]]:
    """A fresh disk's first boot, and the one after an orderly power-off."""
    yield FIRST, kind.boot(lab)
    kind.shutdown(lab.node(NODE))
    yield LATER, kind.boot(lab)


def _started(kind: Contender, node: Node, boot: Boot) -> tuple[Program, ...]:
    """The programs of a boot up to its end."""
    zero = programs.boot_moment(kind.ask(node, programs.CLOCKS))
    ended = programs.ended(kind.ask(node, programs.RECORDS))
    running = programs.running(kind.ask(node, programs.RUNNING, check=False), zero)
    until = zero + boot.moments[END] - boot.moments[KERNEL]
    return programs.programs((*ended, *running), until, kind.ask(node, programs.SCRIPTS, check=False))


def measure_pair(runs: int) -> str:
    """The section's text."""
    kind = Hotspare()
    alone: dict[str, list[Boot]] = {which: [] for which in BOOTS}
    arrivals: dict[str, list[Arrival]] = {what: [] for what in ARRIVALS}
    for run in range(runs):
        with kind.lab() as lab:
            for which, boot in _boot_twice(kind, lab):
                alone[which].append(boot)
                say(f"run {run + 1} of {runs}: one node, {which} boot: {page.summary(boot)}")
        for what, arrival in pair_boots(kind):
            arrivals[what].append(arrival)
            summary = f"serves after {arrival.serves.wall:.1f} s, ready after {arrival.ready.wall:.1f} s"
            say(f"run {run + 1} of {runs}: {what} boot: {summary}")
    return page.pair_section(alone, arrivals, runs)


SECTIONS = (
    Section("node", "One node", measure_node),
    Section("programs", "What is started", measure_programs),
    Section("pair", "Until a takeover would work", measure_pair),
)
