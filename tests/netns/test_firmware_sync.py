"""The peer's firmware by a real rsync over a real SSH server on the hotwire; RAUC's slots are files."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.lab.namespaces import Namespaces
from firmware.lab.sync_box import SyncBox, build_sync_pair, exchange_keys
from hadaemon.upgrade.bundle import root_hash
from tests.lab.fake_rauc import PROGRAM, FakeRauc, make_bundle

from .waiting import stretched, wait_for

SIZE = 20 << 20


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[tuple[SyncBox, SyncBox]]:
    """alpha was updated to 2.0 and runs it, beta runs 1.0 and has its bundle too."""
    noise = random.Random(1).randbytes(SIZE)
    with Namespaces() as namespaces:
        alpha, beta = build_sync_pair(namespaces, tmp_path)
        exchange_keys(alpha, beta)
        make_node(alpha, "2.0", make_bundle(tmp_path / "2.raucb", root_hash, "2.0", noise=noise))
        make_node(beta, "1.0", make_bundle(tmp_path / "1.raucb", root_hash, "1.0", noise=noise))
        yield alpha, beta
        for box in (alpha, beta):
            assert "Traceback" not in box.log.read_text(), box.log.read_text()


def make_node(box: SyncBox, version: str, bundle: Path) -> FakeRauc:
    """Its RAUC is a program; slot and version are where a booted node has them."""
    node = FakeRauc(box.folder)
    for name, text in (
        ("rauc", f'#!/bin/sh\nexec {sys.executable} -P {PROGRAM} {box.folder} "$@"\n'),
        ("pipe", f'#!/bin/sh\nHOTSPARE_STATE={box.state} exec {sys.executable} -P -m {PIPE} "$@"\n'),
    ):
        (box.folder / name).write_text(text)
        (box.folder / name).chmod(0o755)
    (box.folder / "cmdline").write_text("quiet rauc.slot=A\n")
    (box.folder / "os-release").write_text(f"IMAGE_VERSION={version}\n")
    for name, place in (("cmdline", "/proc/cmdline"), ("os-release", "/etc/os-release")):
        assert box.command("mount", "--bind", str(box.folder / name), place).returncode == 0
    node.fill("A", bundle)
    done = hactl(box, "keep", str(bundle))
    assert done.returncode == 0, done.stderr
    return node


PIPE = "hadaemon.helper.firmware_pipe"


def arguments(box: SyncBox, *given: str) -> list[str]:
    places = ("--bundles", str(box.folder / "bundles"), "--rauc", str(box.folder / "rauc"))
    pipe = ("--pipe", str(box.folder / "pipe")) if given[0] == "sync" else ()
    return ["firmware", *given, *places, *pipe]


def hactl(box: SyncBox, *given: str) -> "subprocess.CompletedProcess[str]":
    return box.hactl(*arguments(box, *given))


def bundle_of(box: SyncBox, slot: str) -> bytes:
    return (box.folder / "bundles" / f"slot-{slot}.raucb").read_bytes()


def figures(done: "subprocess.CompletedProcess[str]") -> tuple[float, float]:
    """Megabytes that travelled, and those of the bundle."""
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    return float(words[0]), float(words[3])


def test_the_peers_version_comes_and_only_what_differs_travels(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    done = hactl(beta, "sync", "--from-peer")
    travelled, size = figures(done)
    assert travelled < size / 10
    assert "firmware 2.0 of alpha is in slot B, and verified" in done.stdout
    assert bundle_of(beta, "B") == bundle_of(alpha, "A")
    assert "slot B: 2.0: on trial at the next restart" in hactl(beta, "status").stdout
    assert sorted(path.name for path in (beta.folder / "bundles").iterdir()) == [
        *("slot-A.raucb", "slot-B.raucb")
    ]
    done = hactl(alpha, "sync", "--from-peer")
    assert "firmware 1.0 of beta is in slot B" in done.stdout, "the peer's version counts, be it older"


def test_the_bundle_of_an_upgrade_comes_by_the_same_way_and_no_slot_is_touched(
    boxes: tuple[SyncBox, SyncBox], tmp_path: Path
) -> None:
    alpha, beta = boxes
    for part in ("bootfs-B", "rootfs-B"):
        (beta.folder / part).write_bytes(b"as it was flashed")
    assert refused(beta, "--staged") == "alpha has staged no bundle for an upgrade of the pair"
    noise = random.Random(1).randbytes(SIZE)
    staged = make_bundle(alpha.folder / "bundles/upgrade.raucb", root_hash, "3.0", noise=noise)
    before = hactl(beta, "status").stdout
    travelled, size = figures(hactl(beta, "sync", "--from-peer", "--staged"))
    assert travelled < size / 10
    assert (beta.folder / "bundles/upgrade.raucb").read_bytes() == staged.read_bytes()
    assert hactl(beta, "status").stdout == before
    done = hactl(alpha, "upgrade", "--call-off")
    assert done.returncode == 3, "there is no daemon"


def test_what_cannot_be_taken_is_one_message_and_changes_nothing(boxes: tuple[SyncBox, SyncBox]) -> None:
    alpha, beta = boxes
    data = bytearray(bundle_of(alpha, "A"))
    data[1 << 20] ^= 1
    kept = alpha.folder / "bundles" / "slot-A.raucb"
    kept.write_bytes(data)
    assert refused(beta).endswith("is damaged: its content is not what was signed: fetch it anew")
    kept.unlink()
    assert refused(beta) == (
        "alpha runs 2.0 and does not have its bundle: give it that with `hactl firmware keep FILE` on it"
    )
    (beta.folder / "os-release").write_text("IMAGE_VERSION=2.0\n")
    done = hactl(beta, "sync", "--from-peer")
    assert (done.returncode, done.stdout) == (0, "nothing to do: both nodes run 2.0\n")
    alpha.cable(up=False)
    assert "cannot be reached over the hotwire" in refused(beta)


def refused(box: SyncBox, *options: str) -> str:
    done = hactl(box, "sync", "--from-peer", *options)
    assert done.returncode == 1
    assert "slot B: as it was flashed: good" in hactl(box, "status").stdout
    *_, last = done.stderr.splitlines()
    return last.removeprefix("hactl: ")


def test_a_transfer_that_breaks_goes_on_from_there(boxes: tuple[SyncBox, SyncBox]) -> None:
    """beta has no bundle of its own, so that all of it has to travel; the cable goes when some of it has."""
    alpha, beta = boxes
    (beta.folder / "bundles" / "slot-A.raucb").unlink()
    slow = ("tbf", "rate", "40mbit", "burst", "100kb", "latency", "100ms")
    alpha.namespace.run("tc", "qdisc", "add", "dev", "hotwire", "root", *slow)
    process = beta.start(*beta.hactl_command(*arguments(beta, "sync", "--from-peer")))
    wait_for("a third of it", lambda: size_of(beta) > SIZE // 3, 30)
    alpha.cable(up=False)
    assert process.wait(stretched(60)) == 1
    assert "what came is kept: the same command goes on from there" in beta.log.read_text()
    alpha.namespace.run("tc", "qdisc", "del", "dev", "hotwire", "root")
    alpha.cable(up=True)
    travelled, size = figures(hactl(beta, "sync", "--from-peer"))
    assert travelled < 0.8 * size
    assert bundle_of(beta, "B") == bundle_of(alpha, "A")


def size_of(box: SyncBox) -> int:
    return sum(path.stat().st_size for path in box.folder.glob("bundles/.from-peer*"))
