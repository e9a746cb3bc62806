"""Power cuts during an update: hundreds replayed from recordings, some of them booted, and real kills.

One recording is of an installation on one node; the other one is of both nodes in an upgrade of the pair.
By day it is a few cuts of a short one.
"""

import hashlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.build.boot import BOOT_FILE_SYSTEM_SIZE
from firmware.build.disk import partition_offsets
from firmware.lab.keys import exchange_keys
from firmware.lab.lab import LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.opening import READY
from firmware.lab.preseed import make_password
from firmware.lab.topology import STANDARD_PAIR
from firmware.lab.upgrade import plan_of, wait_for_end
from firmware.paths import CACHE
from tests.power import cuts
from tests.power.check import Expected, digest_of
from tests.power.run import Recorded, check_cuts, configuration_at, images_of, replaying
from tests.power.writes import count_entries

from .conftest import VERSION, Labs
from .test_firmware import (
    BOOT_SECONDS,
    INSTALL_SECONDS,
    boot_environment,
    copy_bundle,
    put_bundle,
    version,
    with_bundle,
)

CUTS = 600
FEW_CUTS = 40
BOOTED = 10
KILLS = 10
PASSWORD = make_password()
"""Of the node whose disks are booted again."""
DISK_SIZE = 4 << 30
"""The lab's own: `LabOptions.disk_size`."""
MOUNT_COUNT = 1024 + 0x34
"""Where ext4 has it, in bytes."""
UPGRADE_CUTS = 300
"""Of each node."""
UPGRADE_SECONDS = 2400.0
INSTALLATION_SECONDS = 60.0
"""Within which the power of a running node is cut. On a quick machine some cuts come afterwards."""


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("HOTSPARE_SEED", "1"))


@pytest.fixture(scope="module")
def recorded(labs: Labs, image: Path, bundle: Path) -> Iterator[Recorded]:
    """Every write of a node from an installation to the end of its trial, the restart by GRUB in between."""
    folder = empty_folder("power")
    yield record(labs, image, bundle, folder, trial=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def recorded_installation(labs: Labs, image: Path, bundle: Path) -> Iterator[Recorded]:
    """Every write of a node from an installation to its end."""
    folder = empty_folder("power-few")
    yield record(labs, image, bundle, folder, trial=False)
    shutil.rmtree(folder, ignore_errors=True)


def record(labs: Labs, image: Path, bundle: Path, folder: Path, trial: bool) -> Recorded:
    """The writes of a node that installs the bundle, and tries it if it is to."""
    options = replace(with_bundle(image, bundle), node=NodeOptions(record=True), admin_password=PASSWORD)
    lab = labs.make(STANDARD_PAIR.only("alpha"), options)
    node = lab.node("alpha")
    assert node.spec.recording is not None
    node.power_on()
    node.wait_for_state("active", BOOT_SECONDS)
    put_bundle(node, bundle)
    # An empty slot, so that all of it is written.
    node.run(
        "systemctl stop hotspare-seed-slot && grub-editenv /boot/efi/grub/grubenv set B_OK=0 && "
        "blkdiscard -f /dev/disk/by-partlabel/boot-b && blkdiscard -f /dev/disk/by-partlabel/root-b && sync",
        root=True,
    )
    start = count_entries(node.spec.recording)
    node.run("hactl firmware install --allow-downgrade /data/new.raucb", root=True, seconds=INSTALL_SECONDS)
    if trial:
        node.reset()
        node.wait_until(f"hactl history | grep 'firmware {VERSION} in slot B is good'", BOOT_SECONDS)
    node.run("sync", root=True)
    writes, base = folder / "writes.log", folder / "image.raw"
    node.power_off()
    node.spec.recording.rename(writes)
    os.link(image, base)
    lab.close()
    unchecked = Recorded(base, DISK_SIZE, writes, start, Expected("A", frozenset(), frozenset(), {}))
    return replace(unchecked, expected=expectation(unchecked, bundle, folder))


@pytest.fixture(scope="module")
def recorded_upgrade(
    labs: Labs, image: Path, bundle: Path, report_line: Callable[[str], None]
) -> Iterator[dict[str, Recorded]]:
    """Every write of both nodes from `hactl firmware upgrade` until its plan is closed, by node."""
    folder = empty_folder("power-pair")
    options = replace(with_bundle(image, bundle), node=NodeOptions(record=True))
    lab = labs.make(STANDARD_PAIR, options)
    alpha, beta = lab.node("alpha"), lab.node("beta")
    for node in (alpha, beta):
        node.power_on()
    alpha.wait_for_state("active", BOOT_SECONDS)
    beta.wait_for_state("backup", BOOT_SECONDS)
    beta.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", BOOT_SECONDS, root=True)
    copy_bundle(alpha, bundle)
    exchange_keys(alpha, beta)
    starts = {}
    for node in (alpha, beta):
        node.run("sync", root=True)
        assert node.spec.recording is not None
        starts[node.name] = count_entries(node.spec.recording)
    alpha.wait_until("hactl status | grep -q 'firmware: synchronized'", BOOT_SECONDS)
    alpha.run("hactl firmware upgrade --no-wait /data/new.raucb", root=True, seconds=INSTALL_SECONDS)
    wait_for_end(lab, UPGRADE_SECONDS, report_line)
    for node in (alpha, beta):
        assert (plan_of(node)["verdict"], version(node)) == ("committed", (VERSION, "B"))
        node.run("sync", root=True)
    base = folder / "image.raw"
    os.link(image, base)
    found = {}
    for node in (alpha, beta):
        node.power_off()
        assert node.spec.recording is not None
        writes = node.spec.recording.rename(folder / f"{node.name}.log")
        nothing = Expected("A", frozenset(), frozenset(), {})
        unchecked = Recorded(base, DISK_SIZE, writes, starts[node.name], nothing)
        found[node.name] = replace(unchecked, expected=expectation(unchecked, bundle, folder))
    lab.close()
    yield found
    shutil.rmtree(folder, ignore_errors=True)


def empty_folder(name: str) -> Path:
    """In the cache."""
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def expectation(recorded: Recorded, bundle: Path, folder: Path) -> Expected:
    """Kernels as they were at the start and as they are in the end; the bundle; the configuration."""
    offsets = partition_offsets()
    images = set()
    with replaying(recorded, folder) as (replay, entries, _):
        # At the start the other slot is empty, or holds the same.
        for index, slot in ((recorded.start, "boot-a"), (len(entries), "boot-b")):
            replay.forward(index)
            images.add(hashlib.sha256(replay.read(offsets[slot], BOOT_FILE_SYSTEM_SIZE)).hexdigest())
    configuration = configuration_at(recorded, folder)
    assert {"cluster.toml", "node.toml", "machine-id"} <= configuration.keys()
    return Expected("A", frozenset(images), frozenset({digest_of(bundle)}), configuration)


def test_a_few_power_cuts_during_an_installation_leave_disks_that_start(
    recorded_installation: Recorded, seed: int, report_line: Callable[[str], None]
) -> None:
    check_recorded(recorded_installation, "an installation", FEW_CUTS, seed, report_line)


@pytest.mark.nightly
def test_no_power_cut_during_an_update_leaves_a_disk_that_does_not_start(
    recorded: Recorded, seed: int, report_line: Callable[[str], None]
) -> None:
    starts = check_recorded(recorded, "an update", CUTS, seed, report_line)
    assert all(starts.values()), "the cuts are all on one side of the switch to the new slot"


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_no_power_cut_during_an_upgrade_of_the_pair_leaves_a_disk_that_does_not_start(
    recorded_upgrade: dict[str, Recorded], seed: int, name: str, report_line: Callable[[str], None]
) -> None:
    what = f"an upgrade of the pair, {name}"
    starts = check_recorded(recorded_upgrade[name], what, UPGRADE_CUTS, seed, report_line)
    assert all(starts.values()), "the cuts are all on one side of the switch to the new slot"


def check_recorded(
    recorded: Recorded, what: str, count: int, seed: int, report: Callable[[str], None]
) -> dict[str, int]:
    """No disk of any cut has a fault. How many start which slot."""
    outcomes = check_cuts(recorded, count, seed, recorded.writes.parent, report)
    starts = {slot: sum(outcome.found.starts == slot for outcome in outcomes) for slot in ("A", "B")}
    torn = sum(bool(outcome.cut.kept) for outcome in outcomes)
    report(
        f"power cuts replayed of {what}: {len(outcomes)} (seed {seed}), {torn} of them with lost and torn "
        f"writes after the last flush; {starts['A']} start slot A, {starts['B']} slot B"
    )
    assert len(outcomes) == count
    assert not [f"{outcome.cut}: {fault}" for outcome in outcomes for fault in outcome.found.faults]
    return starts


@pytest.mark.nightly
def test_disks_of_power_cuts_boot(
    labs: Labs, recorded: Recorded, seed: int, report_line: Callable[[str], None]
) -> None:
    with replaying(recorded, recorded.writes.parent) as (_, entries, _):
        chosen = cuts.choose(entries, recorded.start, BOOTED, seed)
    started = []
    for _, image in images_of(recorded, chosen, recorded.writes.parent):
        options = LabOptions(image, NodeOptions(preseed=""), admin_password=PASSWORD)
        lab = labs.make(STANDARD_PAIR.only("alpha"), options)
        node = lab.node("alpha")
        node.power_on()
        started.append(is_well(node))
        lab.close()
    report_line(f"power cuts booted: {len(started)} (seed {seed}), from slots {' '.join(started)}")


@pytest.mark.nightly
def test_a_node_that_is_killed_during_updates_starts_each_time(
    labs: Labs, image: Path, bundle: Path, seed: int, report_line: Callable[[str], None]
) -> None:
    chance = random.Random(seed)
    lab = labs.open_at(READY, STANDARD_PAIR.only("alpha"), with_bundle(image, bundle))
    node = lab.node("alpha")
    copy_bundle(node, bundle)
    started = []
    for _ in range(KILLS):
        kill_during_installation(node, chance.uniform(0, INSTALLATION_SECONDS))
        node.power_on()
        started.append(is_well(node))
        back_to_slot_a(node)
    report_line(f"kills during an update: {len(started)} (seed {seed}), started slots {' '.join(started)}")
    lab.close()


def kill_during_installation(node: Node, after: float) -> None:
    """`after` is in seconds from the start of the installation."""
    node.run("systemd-run --unit=update hactl firmware install --allow-downgrade /data/new.raucb", root=True)
    node.run(f"sleep {after:.1f}", seconds=2 * INSTALLATION_SECONDS)
    node.power_off()


def is_well(node: Node) -> str:
    """The slot that runs. The node is active with its configuration, and its data are on the disk."""
    node.wait_for_state("active", BOOT_SECONDS)
    firmware, slot = version(node)
    assert firmware == {"A": "dev", "B": VERSION}[slot]
    node.run(
        "test ! -e /run/hotspare/data-error && grep -q 'name = \"alpha\"' /data/state/node.toml", root=True
    )
    found = node.run("hactl firmware status", root=True).output
    assert f"slot {slot}: {firmware}: running" in found
    return slot


def back_to_slot_a(node: Node) -> None:
    """So that the next update is one again. Nothing to do where the old firmware runs."""
    if version(node)[1] == "A" and boot_environment(node)["ORDER"].startswith("A"):
        return
    node.wait_until("! test -e /data/state/firmware/trial.json", BOOT_SECONDS, root=True)
    node.run("hactl firmware rollback", root=True)
    node.reset()
    node.wait_for_state("active", BOOT_SECONDS)
    assert version(node) == ("dev", "A")


@pytest.mark.nightly
def test_a_superblock_that_was_torn_is_mended_at_the_start(labs: Labs, image: Path) -> None:
    """Its two sectors are one write; a disk may have written the first one alone."""
    lab = labs.open_at(READY, STANDARD_PAIR.only("alpha"), LabOptions(image))
    node = lab.node("alpha")
    before = node.run("cat /etc/machine-id").output
    # The kernel would mend it with its next write: the number of mounts, without its checksum.
    tear = f"dd of=/run/hotspare/disk/data bs=1 seek={MOUNT_COUNT} conv=notrunc,fsync status=none"
    node.run(f"sync; printf '\\377\\177' | {tear}", root=True)
    node.power_off()
    node.power_on()
    node.wait_for_state("active", BOOT_SECONDS)
    node.run("test ! -e /run/hotspare/data-error && grep 'does not match' /run/hotspare/data-fsck", root=True)
    assert node.run("cat /etc/machine-id").output == before
    lab.close()
