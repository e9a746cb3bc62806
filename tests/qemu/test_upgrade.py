"""The upgrade of a running pair under traffic, and what fails of it: both nodes end on one version."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.lab.opening import READY, Place, Say
from firmware.lab.topology import STANDARD_PAIR
from firmware.lab.upgrade import plan_of, steps_of, wait_for_end

from .conftest import BOARD, Labs
from .test_connections import POLICY, Traffic, all_traffic, configure
from .test_firmware import (
    BOOT_SECONDS,
    INSTALL_SECONDS,
    VERSION,
    copy_bundle,
    exchange_keys,
    version,
    with_bundle,
)
from .traffic import two_hosts

UPGRADE_SECONDS = 1800.0
"""Both installations, both restarts, and the soak; emulated."""
LATE_SECONDS = 5.0
"""What has not come back after these is lost."""


@pytest.fixture(scope="module")
def bundle() -> Path:
    """A version that is newer than `dev`, otherwise the same."""
    return build_image(BuildOptions(board=BOARD, version=VERSION)).bundle


@pytest.fixture(scope="module")
def older() -> Path:
    """Of what the nodes were flashed with."""
    return build_image(BuildOptions(board=BOARD)).bundle


def _forward(lab: Lab, _say: Say) -> None:
    for node in lab.nodes.values():
        configure(node, POLICY)
    exchange_keys(lab.node("alpha"), lab.node("beta"))


FORWARDING = Place(_forward, READY)
"""A pair that forwards, and is paired."""


@pytest.fixture
def running(labs: Labs, image: Path, bundle: Path, older: Path) -> Iterator[Lab]:
    """A pair that forwards, is paired, and has the bundle in alpha's /data; alpha is active."""
    with labs.open_at(FORWARDING, STANDARD_PAIR, with_bundle(image, bundle, older=older)) as lab:
        copy_bundle(lab.node("alpha"), bundle)
        yield lab


def begin(node: Node, bundle: str, *options: str) -> str:
    """Returns when both nodes have the bundle and the plan is written."""
    node.wait_until("hactl status | grep -q 'firmware: synchronized'", BOOT_SECONDS)
    words = " ".join(("hactl firmware upgrade --no-wait", *options, bundle, "2>&1"))
    return node.run(words, root=True, seconds=INSTALL_SECONDS).output


def break_what_is_installed(node: Node) -> None:
    """As soon as it is verified: the kernel panics when it starts from it."""
    other = {"A": "b", "B": "a"}[version(node)[1]]
    node.run(
        "nohup sh -c 'until test -f /data/state/firmware/trial.json; do sleep 0.1; done; "
        f"dd if=/dev/urandom of=/dev/disk/by-partlabel/root-{other} bs=64k count=64 seek=32 conv=fsync' "
        ">/dev/null 2>&1 </dev/null &",
        root=True,
    )


def outcome(lab: Lab) -> set[object]:
    return {plan_of(node)["verdict"] for node in lab.nodes.values()}


def losses(lab: Lab, traffic: Traffic, since: float) -> str:
    """What was lost and when, and when the lab itself held a node's frames back: seconds after `since`."""
    now = time.monotonic()
    lines = []
    for name, flow in traffic.flows.items():
        lost = flow.lost_at(now - LATE_SECONDS)
        when = "".join(f"; {len(at)} at {at[0] - since:.1f} s" for at in groups(lost))
        gap = flow.gap(since) * 1000
        lines.append(f"{name}: {len(lost)} of {flow.sent} lost, longest gap {gap:.0f} ms{when}")
    stalls = [stall for switch in lab.switches.values() for stall in switch.stalls if stall.at >= since]
    longest = sorted(stalls, key=lambda stall: -stall.seconds)[:10]
    told = ", ".join(
        f"{stall.port} {stall.seconds * 1000:.0f} ms at {stall.at - since:.1f} s"
        + f" ({stall.lost} lost)" * bool(stall.lost)
        for stall in sorted(longest, key=lambda stall: stall.at)
    )
    lines.append(f"{len(stalls)} times an emulated card took nothing for 0.1 s or more; the longest: {told}")
    return "\n  ".join(lines)


def groups(moments: Sequence[float]) -> Iterator[list[float]]:
    """Those that are less than a second apart are one."""
    group: list[float] = []
    for moment in moments:
        if group and moment - group[-1] > 1:
            yield group
            group = []
        group.append(moment)
    if group:
        yield group


@pytest.mark.nightly
def test_a_pair_is_upgraded_and_downgraded_under_traffic(
    running: Lab, older: Path, tmp_path: Path, report_line: Callable[[str], None]
) -> None:
    alpha, beta = running.node("alpha"), running.node("beta")
    before = version(alpha)[0]
    with two_hosts(running) as hosts, all_traffic(hosts, tmp_path) as traffic:
        traffic.check()
        since = time.monotonic()
        assert f"the upgrade to {VERSION} has begun: beta first, then alpha" in begin(
            alpha, "/data/new.raucb"
        )
        report_line(
            f"upgrade {before} -> {VERSION}: both have the bundle after {time.monotonic() - since:.0f} s"
        )
        wait_for_end(running, UPGRADE_SECONDS, report_line)
        traffic.check()
        report_line(f"upgrade under traffic: {losses(running, traffic, since)}")
        for step in steps_of(beta, alpha, VERSION):
            report_line(f"  {step.seconds:6.1f} s  {step.what}")
        assert outcome(running) == {"committed"}
        assert [version(node)[0] for node in (alpha, beta)] == [VERSION, VERSION]
        alpha.wait_for_state("active")
        assert "is over, committed: both nodes are on 2.0.0" in beta.run("hactl history").output
        copy_bundle(alpha, older, "older")
        since = time.monotonic()
        refused = alpha.run("hactl firmware upgrade /data/new.raucb 2>&1; test $? = 1", root=True).output
        assert "give --allow-downgrade if that is wanted" in refused
        begin(alpha, "/data/new.raucb", "--allow-downgrade")
        wait_for_end(running, UPGRADE_SECONDS, report_line)
        traffic.check()
        report_line(f"downgrade under traffic: {losses(running, traffic, since)}")
        assert outcome(running) == {"committed"}
        assert [version(node)[0] for node in (alpha, beta)] == [before, before]
        traffic.download.finish()


@pytest.mark.nightly
def test_power_lost_on_either_node_while_it_installs(
    running: Lab, bundle: Path, report_line: Callable[[str], None]
) -> None:
    """Each node is cut off in the middle of writing its slot, and goes on from there by itself."""
    alpha, beta = running.node("alpha"), running.node("beta")
    copy_bundle(alpha, bundle)
    begin(alpha, "/data/new.raucb")
    for node in (beta, alpha):
        node.wait_until("grep -q installing /run/hotspare/firmware-upgrade.log", UPGRADE_SECONDS)
        node.power_off()
        node.power_on()
        node.wait_for_boot()
        report_line(f"power lost on {node.name} while it installed")
    wait_for_end(running, UPGRADE_SECONDS, report_line)
    assert outcome(running) == {"committed"}
    assert [version(node)[0] for node in (alpha, beta)] == [VERSION, VERSION]
    assert "goes on: dev runs after a restart" in beta.run("hactl history").output
    alpha.wait_for_state("active")


@pytest.mark.nightly
def test_a_firmware_that_does_not_start_brings_both_back(
    running: Lab, older: Path, tmp_path: Path, report_line: Callable[[str], None]
) -> None:
    """The first node panics with it, and falls back; the one with the traffic is left alone."""
    alpha, beta = running.node("alpha"), running.node("beta")
    before = version(alpha)[0]
    copy_bundle(alpha, older, "older")
    break_what_is_installed(beta)
    with two_hosts(running) as hosts, all_traffic(hosts, tmp_path) as traffic:
        traffic.check()
        since = time.monotonic()
        begin(alpha, "/data/new.raucb", "--allow-downgrade")
        wait_for_end(running, UPGRADE_SECONDS, report_line)
        traffic.check()
        report_line(f"a firmware that does not start, under traffic: {losses(running, traffic, since)}")
        assert outcome(running) == {"aborted"}
        assert [version(node)[0] for node in (alpha, beta)] == [before, before]
        assert "did not prove itself" in alpha.run("hactl firmware status", root=True).output
        assert alpha.status()["status"]["since"] > time.monotonic() - since, "it was active all the time"
        traffic.download.finish()


@pytest.mark.nightly
def test_power_lost_on_both_nodes_at_once(
    running: Lab, bundle: Path, older: Path, report_line: Callable[[str], None]
) -> None:
    """Twice: in the middle of the first node's installation and of the second's. It goes on by itself."""
    alpha, beta = running.node("alpha"), running.node("beta")
    before = version(alpha)[0]
    if before == VERSION:
        copy_bundle(alpha, older, "older")
    else:
        copy_bundle(alpha, bundle)
    begin(alpha, "/data/new.raucb", "--allow-downgrade")
    for installing in (beta, alpha):
        installing.wait_until("grep -q installing /run/hotspare/firmware-upgrade.log", UPGRADE_SECONDS)
        for node in (alpha, beta):
            node.power_off()
        for node in (alpha, beta):
            node.power_on()
        for node in (alpha, beta):
            node.wait_for_boot()
        report_line(f"power lost on both nodes while {installing.name} installed")
    wait_for_end(running, UPGRADE_SECONDS, report_line)
    assert outcome(running) == {"committed"}
    ends = {version(node)[0] for node in (alpha, beta)}
    assert len(ends) == 1
    assert before not in ends
    for node in (alpha, beta):
        assert f"goes on: {before} runs after a restart" in node.run("hactl history").output
    alpha.wait_for_state("active")
