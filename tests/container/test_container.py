"""The container itself: it leaves nothing behind, and the machine's kernel is not its to change."""

import subprocess
from pathlib import Path

from firmware.lab.topology import STANDARD_PAIR

from .pair import ContainerPair, containers


def test_nothing_is_left_of_one_that_has_ended(image: Path, tmp_path: Path) -> None:
    with containers(image, STANDARD_PAIR.only("alpha"), tmp_path) as pair:
        alpha = pair.node("alpha")
        alpha.run("systemd-run --quiet sleep 1000 && sync", root=True)
        groups = alpha.control_group
        assert (groups / "system.slice").is_dir()
    assert not groups.exists()
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    assert [line for line in mounts if str(tmp_path) in line] == []


def test_it_changes_nothing_of_the_machine(image_pair: ContainerPair) -> None:
    alpha = image_pair.node("alpha")
    before = Path("/proc/sys/kernel/panic").read_text()
    for forbidden in (
        "sysctl -w kernel.panic=99",
        "date -s '1 hour ago'",
        "modprobe loop",
        "mknod /run/disk b 7 0",
        "echo 1 > /sys/kernel/uevent_seqnum",
        "hwclock --systohc",
    ):
        assert alpha.run(forbidden, root=True, check=False).status != 0, forbidden
    assert Path("/proc/sys/kernel/panic").read_text() == before
    assert alpha.run("hostname").output == "alpha\n"
    own = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout
    assert own != "alpha\n"
