"""Firmware on a booted node: an update tried and kept, given up, and a slot that does not even start."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.lab.command import Firmware
from firmware.lab.keys import exchange_keys
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.opening import READY
from firmware.lab.topology import STANDARD_PAIR

from .conftest import VERSION, Labs
from .web import serving

BOOT_SECONDS = 300.0
INSTALL_SECONDS = 400.0
FALLBACK_SECONDS = 900.0
"""Until a firmware on trial is given up, and both restarts."""


def test_what_is_no_bundle_is_refused_and_changes_nothing(pair: Lab) -> None:
    beta = pair.node("beta")
    before = boot_environment(beta)
    found = beta.run("hactl firmware status", root=True).output
    assert re.search(r"^slot A: dev: running$", found, re.M), found
    beta.run("head -c 100000 /dev/urandom >/data/no.raucb", root=True)
    said = beta.run("hactl firmware install /data/no.raucb 2>&1; test $? = 1", root=True).output
    assert "no update bundle" in said
    assert boot_environment(beta) == before


@pytest.mark.nightly
def test_rauc_keeps_the_index_of_what_was_flashed(quiet_pair: Lab) -> None:
    """It looks through the indexes when it reads its status, and the first update wants them."""
    beta = quiet_pair.node("beta")
    beta.run("rauc status --detailed", root=True)
    assert beta.run("ls /data/rauc/slot.*/hash-*/block-hash-index | wc -l", root=True).output.strip() == "4"


def with_bundle(image: Path, bundle: Path, **others: Path) -> LabOptions:
    """Nodes that can read the bundle as a disk, and others by their names."""
    extra: list[str] = []
    for name, file in {"bundle": bundle, **others}.items():
        extra += ["-drive", f"if=none,id={name},file={file},format=raw,read-only=on"]
        extra += ["-device", f"virtio-blk-pci,drive={name},serial={name}"]
    return LabOptions(image, extra=tuple(extra))


def copy_bundle(node: Node, bundle: Path, disk: str = "bundle") -> None:
    """Into /data, as if an administrator had copied it there; the second slot is filled already."""
    node.wait_until("grep -a -q B_OK=1 /boot/efi/grub/grubenv", BOOT_SECONDS, root=True)
    put_bundle(node, bundle, disk)


def put_bundle(node: Node, bundle: Path, disk: str = "bundle") -> None:
    """Into /data, whatever is in the second slot."""
    node.run(
        f"dd if=/dev/disk/by-id/virtio-{disk} of=/data/new.raucb bs=1M status=none && "
        f"truncate -s {bundle.stat().st_size} /data/new.raucb",
        seconds=INSTALL_SECONDS,
        root=True,
    )


@pytest.fixture(params=list(Firmware), ids=lambda firmware: firmware.value)
def lone_lab(labs: Labs, image: Path, bundle: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """One node with the bundle in /data: by BIOS, and another one by UEFI."""
    options = replace(with_bundle(image, bundle), node=NodeOptions(request.param))
    with labs.open_at(READY, STANDARD_PAIR.only("alpha"), options) as lab:
        copy_bundle(lab.node("alpha"), bundle)
        yield lab


@pytest.fixture
def alone(lone_lab: Lab) -> Node:
    return lone_lab.node("alpha")


def boot_environment(node: Node) -> dict[str, str]:
    """GRUB's own words."""
    text = node.run("grub-editenv /boot/efi/grub/grubenv list", root=True).output
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def install(node: Node) -> None:
    node.run("hactl firmware install --allow-downgrade /data/new.raucb", root=True, seconds=INSTALL_SECONDS)
    environment = boot_environment(node)
    assert (environment["ORDER"], environment["B_OK"], environment["B_TRY"]) == ("B A", "1", "0")


def version(node: Node) -> tuple[str, str]:
    firmware = node.status()["firmware"]
    return firmware["version"], firmware["slot"]


def next_slot(node: Node) -> str:
    """The one that the next start takes."""
    found: str = json.loads(node.run("hactl firmware status --json", root=True).output)["next"]
    return found


@pytest.mark.nightly
def test_a_damaged_bundle_leaves_the_slots_alone(alone: Node) -> None:
    before = boot_environment(alone)
    alone.run(
        "cp /data/new.raucb /data/bad.raucb && "
        "printf XX | dd of=/data/bad.raucb bs=1 seek=5000000 conv=notrunc status=none",
        seconds=INSTALL_SECONDS,
        root=True,
    )
    said = alone.run(
        "hactl firmware install /data/bad.raucb 2>&1; test $? = 1; rm /data/bad.raucb",
        seconds=INSTALL_SECONDS,
        root=True,
    ).output
    assert "is damaged: its content is not what was signed" in said
    assert boot_environment(alone) == before


@pytest.mark.nightly
def test_an_update_is_tried_and_kept_and_taken_back(alone: Node) -> None:
    install(alone)
    alone.reset()
    alone.wait_until("hactl history | grep 'firmware 2.0.0 in slot B is good'", BOOT_SECONDS)
    assert version(alone) == (VERSION, "B")
    assert boot_environment(alone)["B_TRY"] == "0"
    alone.run("hactl firmware rollback", root=True)
    alone.reset()
    alone.wait_for_state("active", BOOT_SECONDS)
    assert version(alone) == ("dev", "A")


@pytest.mark.nightly
def test_a_firmware_on_trial_that_is_not_well_is_given_up(alone: Node) -> None:
    """Its hotwire is silent as before, but the trial believes that it was not."""
    install(alone)
    alone.run("sed -i '/\"hotwire\"/d' /data/state/firmware/trial.json && sync", root=True)
    alone.reset()
    alone.wait_through_restarts("hactl history | grep 'did not prove itself: dev runs'", FALLBACK_SECONDS)
    assert "is not good (hotwire: the hotwire is" in alone.run("hactl history").output
    assert version(alone) == ("dev", "A")


@pytest.mark.nightly
def test_a_firmware_that_panics_falls_back(alone: Node) -> None:
    install(alone)
    alone.run(
        "dd if=/dev/urandom of=/dev/disk/by-partlabel/root-b bs=1M count=20 seek=2 conv=fsync status=none",
        root=True,
    )
    alone.reset()
    alone.wait_through_restarts("hactl history | grep 'did not prove itself: dev runs'", FALLBACK_SECONDS)
    assert version(alone) == ("dev", "A")


@pytest.mark.nightly
def test_an_update_is_streamed_from_a_web_server(
    lone_lab: Lab, alone: Node, bundle: Path, tmp_path: Path, report_line: Callable[[str], None]
) -> None:
    """RAUC fetches what it needs; what is damaged on its way never becomes active."""
    damaged = tmp_path / "damaged.raucb"
    content = bytearray(bundle.read_bytes())
    content[:100_000_000] = bytes(100_000_000)
    damaged.write_bytes(content)
    with serving(lone_lab, {"good.raucb": bundle, "damaged.raucb": damaged}) as web:
        for name, said in (
            ("missing.raucb", f"{web.url}/missing.raucb: "),
            ("damaged.raucb", f"{web.url}/damaged.raucb: the installation failed: "),
        ):
            told = alone.run(
                f"hactl firmware install --allow-downgrade {web.url}/{name} 2>&1 >/dev/null; test $? = 1",
                root=True,
                seconds=INSTALL_SECONDS,
            ).output
            assert said in told
            assert next_slot(alone) == "A"
        web.sent = 0
        alone.run(
            f"hactl firmware install --allow-downgrade {web.url}/good.raucb",
            root=True,
            seconds=INSTALL_SECONDS,
        )
        share = web.sent / bundle.stat().st_size
        report_line(f"streamed update: {web.sent / 1e6:.1f} MB came, {share:.1%} of the bundle")
        assert share < 0.5, "what the slots hold already does not come"
    assert next_slot(alone) == "B"
    alone.reset()
    alone.wait_for_state("active", BOOT_SECONDS)
    alone.wait_until("! test -e /data/state/firmware/trial.json", BOOT_SECONDS, root=True)
    assert version(alone) == (VERSION, "B")
    told = alone.run("hactl firmware status", root=True).output
    assert "the bundle of 2.0.0 is not on this node: `hactl firmware keep FILE`" in told


@pytest.mark.nightly
def test_the_spare_fetches_the_masters_firmware(labs: Labs, image: Path, bundle: Path) -> None:
    lab = labs.open_at(READY, STANDARD_PAIR, with_bundle(image, bundle))
    alpha, beta = lab.node("alpha"), lab.node("beta")
    copy_bundle(alpha, bundle)
    install(alpha)
    alpha.reset()
    alpha.wait_until("hactl history | grep 'firmware 2.0.0 in slot B is good'", BOOT_SECONDS)
    alpha.wait_until("hactl status | grep 'firmware: pending: this node runs 2.0.0, the other one dev'")
    exchange_keys(alpha, beta)
    told = alpha.run("hactl firmware sync", root=True, seconds=INSTALL_SECONDS).output
    assert "beta has it: restart beta to try it" in told
    beta.reset()
    beta.wait_until("hactl history | grep 'firmware 2.0.0 in slot B is good'", BOOT_SECONDS)
    for node in (alpha, beta):
        node.wait_until("hactl status | grep 'firmware: synchronized: both nodes run 2.0.0'")
    lab.close()
