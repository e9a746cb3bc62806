"""`bench firmware`: what updates of booted nodes cost, beside the least that any update must do.

Each section of the page is a function that measures and returns its text; `SECTIONS` has them in their order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from firmware import paths
from firmware.bench.firmware_install import measure_installation
from firmware.bench.firmware_pair import measure_sync, measure_upgrade
from firmware.bench.measure import machine
from firmware.errors import FirmwareError
from firmware.lab.capability import best_accelerator

PAGE = paths.ROOT / "docs/benchmarks-firmware.md"

INTRODUCTION = """\
# Benchmark: firmware

Made by `python3 invoke.py bench firmware` on {machine}, in nodes that QEMU runs ({accelerator}): the ratios
count more than the seconds. Each section was measured in a run of its own and says how often; a figure is the
median, with the least and the most in brackets. `--only {keys}` measures one of them anew.

"""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the page's."""

    key: str
    """For `--only`."""
    title: str
    measure: Callable[[int], str]
    """Takes the number of runs; the text below the title."""


SECTIONS = (
    Section("sync", "Bringing a node to the other one's version", measure_sync),
    Section("install", "Installation on one node", measure_installation),
    Section("upgrade", "From `upgrade` to both nodes on the new version", measure_upgrade),
)


def bench_firmware(runs: int, only: str) -> None:
    """Measure all sections, or only one, print them and write them into docs/benchmarks-firmware.md."""
    chosen = [section for section in SECTIONS if only in ("", section.key)]
    keys = "|".join(section.key for section in SECTIONS)
    if not chosen:
        raise FirmwareError(f"there is no part {only!r}", where="--only", todo=f"choose one of: {keys}")
    found = _sections(PAGE.read_text() if PAGE.exists() else "")
    for section in chosen:
        found[section.title] = section.measure(runs)
        print(f"\n## {section.title}\n\n{found[section.title]}")
        head = INTRODUCTION.format(machine=machine(), accelerator=best_accelerator().value.upper(), keys=keys)
        PAGE.write_text(head + _page(found))


def _sections(page: str) -> dict[str, str]:
    """The texts of a page by their titles."""
    return dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n)*)", page, re.MULTILINE))


def _page(found: dict[str, str]) -> str:
    """Those that were measured, in their order."""
    texts = (
        f"## {section.title}\n\n{found[section.title].strip()}\n"
        for section in SECTIONS
        if section.title in found
    )
    return "\n".join(texts)
