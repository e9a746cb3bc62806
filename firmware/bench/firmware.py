"""`bench firmware`: what updates of booted nodes cost, beside the least that any update must do.

Each section of the page is a function that measures and returns its text; `SECTIONS` has them in their order.
"""

from firmware import paths
from firmware.bench.firmware_install import measure_installation
from firmware.bench.firmware_pair import measure_sync, measure_upgrade
from firmware.bench.measure import machine
from firmware.bench.sections import Page, Section
from firmware.lab.capability import best_accelerator

PAGE = paths.ROOT / "docs/benchmarks-firmware.md"

INTRODUCTION = """\
# Benchmark: firmware

Made by `python3 invoke.py bench firmware` on {machine}, in nodes that QEMU runs ({accelerator}): the ratios
count more than the seconds. Each section was measured in a run of its own and says how often; a figure is the
median, with the least and the most in brackets. `--only {keys}` measures one of them anew.

"""


SECTIONS = (
    Section("sync", "Bringing a node to the other one's version", measure_sync),
    Section("install", "Installation on one node", measure_installation),
    Section("upgrade", "From `upgrade` to both nodes on the new version", measure_upgrade),
)


def bench_firmware(runs: int, only: str) -> None:
    """Measure all sections, or only one, print them and write them into docs/benchmarks-firmware.md."""

    def head(keys: str) -> str:
        return INTRODUCTION.format(machine=machine(), accelerator=best_accelerator().value.upper(), keys=keys)

    Page(PAGE, head, SECTIONS).measure(runs, only)
