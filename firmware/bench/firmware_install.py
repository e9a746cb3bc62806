"""Installation on one node, beside the least that it must do: written and read back, in the same run.

Emulation slows the processor and not the disk: what is little on an appliance, starting programs, is most of
the time then. So it is measured twice, the second time with a disk that is as many times slower than a real
one as the processor is slower than the host's.
"""

import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from firmware.bench.firmware_nodes import OLD, Builds, copy_in, make_builds, start, timed
from firmware.bench.measure import Figure, Row, markdown, say, seconds_of, table
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

TARGET = "1"
DISK = 200
"""MB/s, reading and writing: an eMMC or a small SSD of an appliance. On a slower one the ratio is smaller."""
TEXT = """\
{builds}
*Installation* is `hactl firmware install FILE` into the other slot, which holds {old}, as on a node that was
flashed or updated. Beside it is the least that it must do, in the same run on the same disk: `dd` writes the
bundle ({bundle:.0f} MB, kept for the peer) and both images of the slot ({images:.0f} MB) one after the other,
durably, and `sha256sum` reads all of it back. Runs: {runs} each.

The emulated processor is {slower:.0f} times slower than the host's (a Python that starts and hashes 8 MB, in
this run), its disk is not. *In proportion* is a disk of {disk} MB/s made slower by as much, reading and
writing: {paced:.1f} MB/s.

"""
STEPS_TEXT = "\nWhere the time of the installation goes:\n\n"

_WORK = "import argparse, hashlib, json, subprocess; hashlib.sha256(bytes(8 << 20)).digest()"
_WORKS = 5
_INSTALL = """\
begin
hactl firmware install --allow-downgrade /data/{name}.raucb 2>&1 | while read -r line; do end "$line"; done
status=${{PIPESTATUS[0]}}
end installed
test "$status" = 0
"""
_LEAST = """\
begin
dd if=/data/new.raucb of=/data/least bs=1M conv=fsync status=none
dd if=/dev/disk/by-partlabel/boot-a of=/dev/disk/by-partlabel/boot-b bs=1M count={boot} conv=fsync status=none
dd if=/dev/disk/by-partlabel/root-a of=/dev/disk/by-partlabel/root-b bs=1M count={root} conv=fsync status=none
end written
echo 3 >/proc/sys/vm/drop_caches
sha256sum /data/least >/dev/null
head -c {boot}M /dev/disk/by-partlabel/boot-b | sha256sum >/dev/null
head -c {root}M /dev/disk/by-partlabel/root-b | sha256sum >/dev/null
end verified
rm /data/least
"""
"""It leaves the other slot as it was flashed: a copy of the running one."""


@dataclass(frozen=True)
class Found:
    """Seconds of each run, and of each step of each installation."""

    installs: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=dict)

    def row(self, what: str) -> Row:
        """Ours beside the least."""
        return Row(what, Figure(tuple(self.installs)), Figure(tuple(self.least)), TARGET)


def measure_installation(runs: int) -> str:
    """The section's text."""
    builds = make_builds()
    options = LabOptions(builds.old.raw_image, extra=builds.drives)
    with Lab(STANDARD_PAIR.only("alpha"), options) as lab:
        node = lab.node("alpha")
        start(node)
        copy_in(node, "new", builds.new)
        copy_in(node, "old", builds.old)
        return _measured(node, builds, runs)


def _measured(node: Node, builds: Builds, runs: int) -> str:
    boot, root = (_megabytes(node, part) for part in ("boot-a", "root-a"))
    least = _LEAST.format(boot=boot, root=root)
    slower = _times_slower(node)
    pace = round(DISK * 1e6 / slower)
    quick, paced = Found(), Found()
    for number in range(runs):
        for found, limit, what in ((quick, 0, "the disk as it is"), (paced, pace, "in proportion")):
            _one_run(node, found, limit, least)
            say(
                f"run {number + 1}, {what}: installation {found.installs[-1]:.1f} s, "
                f"dd and sha256sum {found.least[-1]:.1f} s"
            )
    text = TEXT.format(
        builds=builds,
        old=OLD,
        bundle=builds.new.bundle.stat().st_size / 1e6,
        images=(boot + root) * 1.048576,
        runs=runs,
        slower=slower,
        disk=DISK,
        paced=pace / 1e6,
    )
    rows = [
        paced.row("disk in proportion to the processor"),
        quick.row("disk of the host, processor emulated"),
    ]
    text += table(("installation", "Hotspare", "dd and sha256sum", "ratio", "target"), rows)
    steps = [
        (name, str(Figure(tuple(taken))), str(Figure(tuple(quick.steps[name]))))
        for name, taken in paced.steps.items()
    ]
    return text + STEPS_TEXT + markdown(("step", "in proportion", "disk of the host"), steps)


def _one_run(node: Node, found: Found, limit: int, least: str) -> None:
    """The other slot holds the old one before and afterwards, and RAUC knows it."""
    with _paced(node, limit):
        seconds, _ = timed(node, _INSTALL.format(name="new"))
    found.installs.append(seconds["installed"])
    for name, taken in _steps(seconds).items():
        found.steps.setdefault(name, []).append(taken)
    node.run("hactl firmware rollback", root=True)
    with _paced(node, limit):
        spent, _ = timed(node, least)
    found.least.append(spent["verified"])
    timed(node, _INSTALL.format(name="old"))
    node.run("hactl firmware rollback", root=True)


@contextmanager
def _paced(node: Node, limit: int) -> Iterator[None]:
    node.machine.qmp.limit_disk("disk", limit)
    yield
    node.machine.qmp.limit_disk("disk", 0)


def _times_slower(node: Node) -> float:
    """The emulated processor than the host's."""
    command = f"python3 -I -c '{_WORK}'"
    node.run(command)  # Its files are in memory from here on.
    script = f"for run in $(seq {_WORKS}); do mark=$(date +%s%N); {command}; end work$run; done"
    spent, _ = timed(node, script)
    host = [
        seconds_of(lambda: subprocess.run([sys.executable, "-I", "-c", _WORK], check=True))
        for _ in range(_WORKS)
    ]
    return statistics.median(spent.values()) / statistics.median(host)


def _steps(found: dict[str, float]) -> dict[str, float]:
    """How long each took: a step's line comes when it begins."""
    names = ("copying", "installing", "verifying")
    begins = [found[name] for name in names] + [found["installed"]]
    shown = (*names[:-1], "verifying, and making it the next one to start")
    before = {"asking RAUC for the slots and the bundle": begins[0]}
    return before | {name: end - begin for name, begin, end in zip(shown, begins, begins[1:], strict=False)}


def _megabytes(node: Node, partition: str) -> int:
    """How many MiB of a slot's partition its image has."""
    if partition.startswith("boot"):
        command = f"blkid -p -o value -s FSSIZE /dev/disk/by-partlabel/{partition}"
        return -(-int(node.run(command, root=True).output) // (1 << 20))
    found = re.search(r"hotspare\.verity=\d+:(\d+):", node.run("cat /proc/cmdline").output)
    assert found is not None, "a node that was started from a slot"
    return -(-int(found[1]) * 4096 // (1 << 20))
