"""Installation on one node, beside the least that it must do: written and read back, in the same run."""

import re

from firmware.bench.firmware_nodes import OLD, Builds, copy_in, make_builds, start, timed
from firmware.bench.measure import Figure, Row, say, table
from firmware.lab.lab import Lab, LabOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

TARGET = "1"
TEXT = """\
{builds}
*Installation* is `hactl firmware install FILE` into the other slot, which holds {old}, as on a node that was
flashed or updated. Beside it is the least that it must do, in the same run on the same disk: `dd` writes the
bundle ({bundle:.0f} MB, kept for the peer) and both images of the slot ({images:.0f} MB) one after the other,
durably, and `sha256sum` reads all of it back. Runs: {runs}.

"""
STEPS_TEXT = "\nWhere the time of the installation goes:\n\n"

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
    installs, least = [], []
    steps: dict[str, list[float]] = {}
    for number in range(runs):
        found, _ = timed(node, _INSTALL.format(name="new"))
        installs.append(found["installed"])
        for name, taken in _steps(found).items():
            steps.setdefault(name, []).append(taken)
        node.run("hactl firmware rollback", root=True)
        spent, _ = timed(node, _LEAST.format(boot=boot, root=root))
        least.append(spent["verified"])
        say(f"run {number + 1}: installation {installs[-1]:.1f} s, dd and sha256sum {least[-1]:.1f} s")
        if number + 1 < runs:  # The slot holds the old one again, and RAUC knows it.
            timed(node, _INSTALL.format(name="old"))
            node.run("hactl firmware rollback", root=True)
    text = TEXT.format(
        builds=builds,
        old=OLD,
        bundle=builds.new.bundle.stat().st_size / 1e6,
        images=(boot + root) * 1.048576,
        runs=runs,
    )
    rows = [Row("installation", Figure(tuple(installs)), Figure(tuple(least)), TARGET)]
    text += table(("", "Hotspare", "dd and sha256sum", "ratio", "target"), rows)
    rows = [Row(name, Figure(tuple(taken))) for name, taken in steps.items()]
    return text + STEPS_TEXT + table(("step", "seconds", "", "", ""), rows)


def _steps(found: dict[str, float]) -> dict[str, float]:
    """How long each took: a step's line comes when it begins."""
    names = ("copying", "checking", "installing", "verifying")
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
