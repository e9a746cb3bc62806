"""A disk that was flashed together with its preseed, as an engineer puts it into a box."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.lab.deadline import Deadline
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.preseed import hash_password, render_preseed
from firmware.lab.topology import STANDARD_PAIR
from firmware.paths import ROOT

from .conftest import BOARD, VIRTUAL, Labs

BOOT_SECONDS = 300.0


@pytest.fixture
def flashed(labs: Labs, tmp_path: Path) -> Iterator[Lab]:
    """One node whose disk was flashed; nothing else is plugged in."""
    disk, preseed = tmp_path / "disk", tmp_path / "alpha.toml"
    with disk.open("wb") as file:
        file.truncate(4 << 30)
    lab = labs.make(STANDARD_PAIR.only("alpha"), LabOptions(disk, NodeOptions(preseed="")))
    secret = hash_password(lab.admin_password)
    preseed.write_text(render_preseed(STANDARD_PAIR.node("alpha"), STANDARD_PAIR.cluster, secret))
    done = subprocess.run(
        ["losetup", "--find", "--show", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no loop device: {done.stderr.strip()}")
    device = done.stdout.strip()
    image = build_image(BuildOptions(board=BOARD)).image
    command = [sys.executable, "-P", "-m", "firmware", "flash", "--device", device, "--image", str(image)]
    try:
        subprocess.run([*command, "--preseed", str(preseed), "--yes"], cwd=ROOT, check=True)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
    yield lab
    lab.close()


@pytest.mark.nightly
def test_a_flashed_disk_boots_takes_its_preseed_and_keeps_its_bundle(flashed: Lab) -> None:
    """The bundle is what it can give a peer, and what the next one is compared with."""
    alpha = flashed.node("alpha")
    with flashed.clients["client"].watch(VIRTUAL["client"]) as watch:
        for _ in range(2):
            alpha.power_on()
            watch.wait_for_owner(alpha.mac("lan"), Deadline(BOOT_SECONDS))
            alpha.wait_until("test -e /data/firmware/slot-A.raucb", BOOT_SECONDS, root=True)
            found = alpha.run("hactl firmware status --json", root=True).output
            assert [slot["bundle"] for slot in json.loads(found)["slots"]] == [True, False]
            alpha.power_off()
            watch.wait_for_no_owner(Deadline(BOOT_SECONDS))
