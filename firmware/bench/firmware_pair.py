"""What updates of a pair cost: one node is brought to the other one's version, and both are upgraded."""

import re
import time

from firmware.bench.firmware_nodes import NEW, OLD, SECONDS, copy_in, make_builds, start, timed
from firmware.bench.measure import Figure, Row, say, table
from firmware.errors import FirmwareError
from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR
from firmware.lab.upgrade import plan_of, steps_of, wait_for_end

SYNC_TARGET = "10 %"
UPGRADE_SECONDS = 2400.0
_EMPTY = "blkdiscard -f /dev/disk/by-partlabel/boot-b; blkdiscard -f /dev/disk/by-partlabel/root-b"

SYNC_TEXT = """\
{builds}
*Sync* is `hactl firmware sync --from-peer` on the node that is behind, until the other slot, which was empty,
is written and verified. Runs: {runs}.

"""
UPGRADE_TEXT = """\
{builds}
`hactl firmware upgrade FILE` on the active node of a pair without traffic, with preemption; for each
further run the other version is the new one. The steps are what both nodes noted in `hactl history`, by each
node's own clock. A restart is a whole boot of an emulated machine. Runs: {runs}.

"""


def measure_sync(runs: int) -> str:
    """The section's text."""
    builds = make_builds()
    special = {"alpha": NodeOptions(image=builds.new.raw_image)}
    with Lab(STANDARD_PAIR, LabOptions(builds.old.raw_image, special=special, extra=builds.drives)) as lab:
        alpha, beta = lab.node("alpha"), lab.node("beta")
        start(alpha, beta)
        for node, name, build in ((alpha, "new", builds.new), (beta, "old", builds.old)):
            copy_in(node, name, build)
            node.run(f"hactl firmware keep /data/{name}.raucb", root=True, seconds=SECONDS)
        exchange_keys(alpha, beta)
        travelled, whole, syncs = [], [], []
        for number in range(runs):
            beta.run(_EMPTY, root=True)
            seconds, came, size = _sync(beta)
            travelled.append(came)
            whole.append(size)
            syncs.append(seconds)
            beta.run("hactl firmware rollback", root=True)
            say(f"run {number + 1}: {came:.1f} of {size:.1f} MB in {seconds:.1f} s")
    share = Figure(tuple(100 * came / size for came, size in zip(travelled, whole, strict=True)), "%", 2)
    rows = [
        Row("bytes of the bundle that travel", share, target=SYNC_TARGET),
        Row("sync", Figure(tuple(syncs))),
    ]
    return SYNC_TEXT.format(builds=builds, runs=runs) + table(("", "Hotspare", "", "", "target"), rows)


def measure_upgrade(runs: int) -> str:
    """The section's text."""
    builds = make_builds()
    steps: dict[str, list[float]] = {}
    with Lab(STANDARD_PAIR, LabOptions(builds.old.raw_image, extra=builds.drives)) as lab:
        alpha, beta = lab.node("alpha"), lab.node("beta")
        start(alpha, beta)
        exchange_keys(alpha, beta)
        for number in range(runs):
            name, build, target = (("new", builds.new, NEW), ("old", builds.old, OLD))[number % 2]
            copy_in(alpha, name, build)
            for what, seconds in _upgrade(lab, alpha, beta, f"/data/{name}.raucb", target).items():
                steps.setdefault(what, []).append(seconds)
            say(f"run {number + 1}: {sum(taken[-1] for taken in steps.values()):.1f} s")
    text = UPGRADE_TEXT.format(builds=builds, runs=runs)
    rows = [Row(what, Figure(tuple(taken))) for what, taken in steps.items()]
    whole = tuple(sum(run) for run in zip(*steps.values(), strict=True))
    return text + table(("step", "seconds", "", "", ""), [*rows, Row("all of it", Figure(whole))])


def _upgrade(lab: Lab, active: Node, spare: Node, bundle: str, target: str) -> dict[str, float]:
    """Seconds by step, printed as they are known."""
    active.wait_until("hactl status | grep -q 'firmware: synchronized'", SECONDS)
    begun = time.monotonic()
    active.run(f"hactl firmware upgrade --no-wait --allow-downgrade {bundle}", root=True, seconds=SECONDS)
    staged = time.monotonic() - begun
    wait_for_end(lab, UPGRADE_SECONDS, say)
    verdict = plan_of(active).get("verdict")
    if verdict != "committed":
        raise FirmwareError(
            f"the upgrade to {target} ended {verdict}", where="bench firmware", todo="see above"
        )
    found = {"both nodes have the bundle, checked": staged}
    found |= {step.what: step.seconds for step in steps_of(spare, active, target)}
    for what, seconds in found.items():
        say(f"{seconds:7.1f} s  {what}")
    return found


def _sync(node: Node) -> tuple[float, float, float]:
    """Seconds, MB that travelled, MB of the bundle."""
    found, output = timed(node, "begin\nhactl firmware sync --from-peer 2>&1 && end synchronized\n")
    came = re.search(r"([\d.]+) MB of ([\d.]+) MB came over the hotwire", output)
    assert came is not None, output
    return found["synchronized"], float(came[1]), float(came[2])
