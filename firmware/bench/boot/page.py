"""Boots as the page in docs/ shows them."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

from firmware.bench.boot.answers import Unit
from firmware.bench.boot.contenders import (
    END,
    INITRD,
    KERNEL,
    USERSPACE,
    Boot,
    Contender,
    Hotspare,
    PlainDebian,
)
from firmware.bench.boot.pair import ARRIVALS, LATER_SPARE, Arrival
from firmware.bench.boot.plot import Bar, Panel, draw
from firmware.bench.boot.programs import Program
from firmware.bench.measure import Figure, Row, markdown, table

FIRST, LATER = "first", "later"
BOOTS = (FIRST, LATER)
Boots = dict[tuple[str, str], list[Boot]]
"""By the contender's name and which boot it was."""
OURS, PEER = Hotspare.name, PlainDebian.name
ACTIVE = "active"
PAIR_TARGET = "1.2"
"""The ratio: two that find each other need little longer than one."""
DEAREST = 15
"""Units that are named."""

INTRODUCTION = """\
# Benchmark: boot

Made by `python3 invoke.py bench boot` on {machine}, in machines that QEMU emulates (TCG) with one processor
each: the ratios count more than the seconds. A figure is the median, with the least and the most in brackets.
`--only {keys}` measures one section anew.

- *wall*: seconds since power-on, firmware and boot loader included. Another program on the machine that
  measures makes them longer;
- *processor*: what QEMU had used by the same moment, in processor-seconds.

"""
NODE_TEXT = """\
A node of ours whose peer is off, up to its first state, `backup`; some seconds later, when nobody is heard,
it is `active`. Beside it is Debian 13 up to its first `login:` on the serial line: minbase with systemd,
udev, D-Bus and the same kernel, the initrd that Debian's tools make by default, ext4, and GRUB without its
countdown of five seconds (a second of ours is such a countdown). Both in the same machine with the same
cards, in turns. *First* is the boot of a fresh disk, in which ours configures itself from its preseed stick;
*later* is the one after an orderly power-off. Runs: {runs}.

{results}
Who takes how much of it, as wall / processor seconds. *Firmware and GRUB* goes on until the kernel's clock
starts, so that it has the unpacking of the kernel too.

{phases}
The dearest units of the later boot, by their processor-seconds until they were asked, soon after the end.
*began* and *took* are seconds of wall time; `init.scope` is systemd itself, and a slice has
the services of a template that have ended.

{units}
Which unit waited for which, from the one that brings each to its end: `@` is when it was there, in seconds
since systemd's start, `+` how long it took.

{chains}
The median run of each, over time since power-on: phases above, the dearest units below with their
processor-seconds. The dashed line is the end that is measured.

![The later boot of both, by phase and unit]({drawing})
"""
PROGRAMS_TEXT = """\
Counted by the kernel's process accounting, in boots of their own, from systemd's first units on up to the
same end: the initrd is not in it. What goes on running has its processor-seconds until it was asked.

{counts}
The dearest programs of the later boot:

{programs}"""


PAIR_TEXT = """\
*Serves* is when one node is active and the other one its backup: what the lab's `pair` calls ready. *Ready*
is when a takeover would work: the spare has all connections, and the active node knows that it is ready and
has the same configuration; it looks once a second. *pair*: both are switched on together; where the spare
serves first, it has handed over to its master before the pair is ready. *spare*: its master is active
meanwhile, and it serves from its `backup` on. Beside them is one node alone up to `backup`, in the same run;
*first* and *later* as above. The processor's figure is of the node of the two that used more. Runs: {runs}.

{results}"""


def summary(boot: Boot) -> str:
    """One boot in a few words."""
    return f"{boot.moments[END]:.1f} s, processor {boot.processor[END]:.1f} s"


def node_section(boots: Boots, runs: int, drawing: str) -> str:
    """The section's text; `drawing` is the file's name beside the page."""
    header = ("boot", f"{OURS} to {Hotspare.end}", f"{PEER} to {PlainDebian.end}", "ratio", "to reach")
    return NODE_TEXT.format(
        runs=runs,
        results=table(header, result_rows(boots)),
        phases=phase_table(boots),
        units="\n".join(unit_table(name, median(boots[name, LATER])) for name in (OURS, PEER)),
        chains="\n".join(f"```\n{median(boots[name, LATER]).chain}\n```\n" for name in (OURS, PEER)),
        drawing=drawing,
    )


def result_rows(boots: Boots) -> Iterable[Row]:
    """Wall and processor of each boot up to its end, and ours until it is active."""
    for which in BOOTS:
        ours, peer = boots[OURS, which], boots[PEER, which]
        yield Row(f"{which}: processor", _processor(ours, END), _processor(peer, END))
        yield Row(f"{which}: wall", _moment(ours, END), _moment(peer, END))
        yield Row(f"{which}: processor, `{ACTIVE}`", _processor(ours, ACTIVE))
        yield Row(f"{which}: wall, `{ACTIVE}`", _moment(ours, ACTIVE))


def phases(moments: Mapping[str, float]) -> dict[str, float]:
    """What each phase took of wall or processor seconds, given what had passed at each moment."""
    return {
        "firmware and GRUB": moments[KERNEL],
        "kernel": moments[INITRD] - moments[KERNEL],
        "initrd": moments[USERSPACE] - moments[INITRD],
        "userspace": moments[END] - moments[USERSPACE],
    }


def phase_table(boots: Boots) -> str:
    """The phases of all boots beside each other, as medians."""
    columns = [(name, which) for which in BOOTS for name in (OURS, PEER)]
    spent = {column: _phase_medians(boots[column]) for column in columns}
    names = list(spent[columns[0]])
    lines = [
        (name, *(f"{spent[c][name][0]:.1f} / {spent[c][name][1]:.1f}" for c in columns)) for name in names
    ]
    return markdown(("phase", *(f"{which}: {name}" for name, which in columns)), lines)


def _phase_medians(runs: Sequence[Boot]) -> dict[str, tuple[float, float]]:
    walls = [phases(boot.moments) for boot in runs]
    processors = [phases(boot.processor) for boot in runs]
    return {
        name: (statistics.median(w[name] for w in walls), statistics.median(p[name] for p in processors))
        for name in walls[0]
    }


def median(runs: Sequence[Boot]) -> Boot:
    """The boot that stands for all: the middle one by its processor-seconds."""
    return sorted(runs, key=lambda boot: boot.processor[END])[(len(runs) - 1) // 2]


def dearest(boot: Boot) -> list[Unit]:
    """The units that used the processor most, the first of them first."""
    within = [unit for unit in boot.units if unit.processor > 0 and unit.begin <= boot.moments[END]]
    return sorted(within, key=lambda unit: -unit.processor)[:DEAREST]


def unit_table(name: str, boot: Boot) -> str:
    """The dearest units of a boot."""
    lines = [
        (f"`{unit.name}`", f"{unit.processor:.2f} s", f"{unit.begin:.1f} s", f"{unit.seconds:.1f} s")
        for unit in dearest(boot)
    ]
    return markdown((f"{name}: unit", "processor", "began", "took"), lines)


def programs_section(started: Mapping[tuple[str, str], Sequence[Program]]) -> str:
    """The section's text; what was started by the contender's name and which boot it was."""
    rows = [
        row for which in BOOTS for row in _program_rows(which, started[OURS, which], started[PEER, which])
    ]
    return PROGRAMS_TEXT.format(
        counts=table(("boot", OURS, PEER, "ratio", "to reach"), rows),
        programs="\n".join(program_table(name, started[name, LATER]) for name in (OURS, PEER)),
    )


def program_table(name: str, started: Sequence[Program]) -> str:
    """The dearest programs of a boot."""
    lines = [
        (
            f"`{program.name}`" + " (Python)" * program.python,
            f"{program.starts}",
            f"{program.processor:.2f} s",
        )
        for program in started[:DEAREST]
    ]
    return markdown((f"{name}: program", "starts", "processor"), lines)


def _program_rows(which: str, ours: Sequence[Program], peer: Sequence[Program]) -> Iterable[Row]:
    for what, python in (("programs", False), ("of them Python", True)):
        mine, theirs = ([p for p in started if p.python or not python] for started in (ours, peer))
        yield Row(f"{which}: {what}: starts", _starts(mine), _starts(theirs))
        yield Row(f"{which}: {what}: processor", _spent(mine), _spent(theirs))


def _starts(started: Iterable[Program]) -> Figure:
    return Figure((sum(program.starts for program in started),), "", 0)


def _spent(started: Iterable[Program]) -> Figure:
    return Figure((sum(program.processor for program in started),))


def pair_section(
    alone: Mapping[str, Sequence[Boot]], arrivals: Mapping[str, Sequence[Arrival]], runs: int
) -> str:
    """The section's text; `alone` by which boot it was, `arrivals` by what arrived."""
    rows: list[Row] = []
    for what, beside in zip(ARRIVALS, (FIRST, LATER, LATER), strict=True):
        target = "" if what == LATER_SPARE else PAIR_TARGET
        serves, ready = zip(*((each.serves, each.ready) for each in arrivals[what]), strict=True)
        for end, moments, goal in (("serves", serves, target), ("ready", ready, "")):
            walls = Figure(tuple(moment.wall for moment in moments))
            spent = Figure(tuple(max(moment.processor.values()) for moment in moments))
            rows.append(Row(f"{what}, {end}: wall", walls, _moment(alone[beside], END), goal))
            rows.append(Row(f"{what}, {end}: processor", spent, _processor(alone[beside], END)))
    header = ("boot", "reached", "one node to `backup`", "ratio", "to reach")
    return PAIR_TEXT.format(runs=runs, results=table(header, rows))


def _moment(runs: Iterable[Boot], name: str) -> Figure:
    return Figure(tuple(boot.moments[name] for boot in runs))


def _processor(runs: Iterable[Boot], name: str) -> Figure:
    return Figure(tuple(boot.processor[name] for boot in runs))


def drawing(boots: Boots) -> str:
    """The later boot of both as SVG."""
    return draw([panel(kind, median(boots[kind.name, LATER])) for kind in (Hotspare, PlainDebian)])


def panel(kind: type[Contender], boot: Boot) -> Panel:
    """One boot over time."""
    begin, bars = 0.0, []
    for name, seconds in phases(boot.moments).items():
        bars.append(Bar(name, begin, begin + seconds))
        begin += seconds
    units = (
        Bar(unit.name.removesuffix(".service"), unit.begin, unit.end, f"{unit.processor:.2f} s")
        for unit in dearest(boot)
    )
    title = f"{kind.name}, {boot.moments[END]:.1f} s to {kind.end.strip('`:')}"
    return Panel(title, tuple(bars), tuple(sorted(units, key=lambda bar: bar.begin)), boot.moments[END])
