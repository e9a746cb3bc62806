"""Bundles that are signed and boot, and are sick: the node goes back by itself, each time to what ran before.

Every sickness is in a real bundle, built with an overlay, except the kernel that hangs before its initrd does
anything: its command line is changed in the slot.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware.build.image import build_image
from firmware.build.options import BuildOptions
from firmware.lab.command import Firmware
from firmware.lab.lab import LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.opening import READY
from firmware.lab.topology import STANDARD_PAIR

from .conftest import BOARD, Labs
from .test_firmware import BOOT_SECONDS, INSTALL_SECONDS, boot_environment, version

pytestmark = pytest.mark.nightly

GIVEN_UP_SECONDS = 1200.0
"""The timer of a daemon that does not run has ten minutes; then the restart."""
LAST_ATTEMPT = "B_TRY=2"
"""Two starts have failed already: what is tested is one start, not GRUB's counting."""

Overlay = dict[str, tuple[str, int]]
"""Text and mode by path."""
OVERLAYS: dict[str, Overlay] = {
    "3.0.1": {
        "usr/lib/systemd/system/hadaemon.service.d/sick.conf": (
            "[Service]\nExecStart=\nExecStart=/usr/bin/false\n",
            0o644,
        )
    },
    "3.0.2": {
        "usr/lib/systemd/system/hadaemon.service.d/sick.conf": (
            "[Service]\nBindReadOnlyPaths=/usr/bin/false:/usr/sbin/nft\n",
            0o644,
        )
    },
    "3.0.3": {"usr/sbin/init": ("#!/bin/sh\nexec sleep infinity\n", 0o755)},
}
"""What is wrong, by version: the daemon crashes; nftables takes no rule set; systemd never starts."""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: sick_bundle(name, tmp_path_factory.mktemp("overlay")) for name in OVERLAYS}


def sick_bundle(name: str, folder: Path) -> Path:
    for path, (text, mode) in OVERLAYS[name].items():
        place = folder / path
        place.parent.mkdir(parents=True)
        place.write_text(text)
        place.chmod(mode)
    return build_image(BuildOptions(board=BOARD, version=name, overlay=folder)).bundle


@pytest.fixture(params=list(Firmware), ids=lambda firmware: firmware.value)
def node(labs: Labs, image: Path, bundles: dict[str, Path], request: pytest.FixtureRequest) -> Iterator[Node]:
    """One node that can read each bundle as a disk: by BIOS, and another one by UEFI."""
    extra: list[str] = []
    for name, bundle in bundles.items():
        drive = f"if=none,id=sick{name[-1]},file={bundle},format=raw,read-only=on"
        extra += ["-drive", drive, "-device", f"virtio-blk-pci,drive=sick{name[-1]},serial=sick{name[-1]}"]
    options = LabOptions(image, NodeOptions(request.param), extra=tuple(extra))
    with labs.open_at(READY, STANDARD_PAIR.only("alpha"), options) as lab:
        yield lab.node("alpha")


@pytest.fixture
def install(node: Node, bundles: dict[str, Path]) -> Callable[[str], None]:
    def run(name: str) -> None:
        node.run(
            f"dd if=/dev/disk/by-id/virtio-sick{name[-1]} of=/data/sick.raucb bs=1M status=none && "
            f"truncate -s {bundles[name].stat().st_size} /data/sick.raucb && "
            "hactl firmware install --allow-downgrade /data/sick.raucb && rm /data/sick.raucb",
            seconds=INSTALL_SECONDS,
            root=True,
        )
        assert boot_environment(node)["ORDER"] == "B A"

    return run


def set_environment(node: Node, assignment: str) -> None:
    node.run(f"grub-editenv /boot/efi/grub/grubenv set {assignment} && sync", root=True)


def comes_back(node: Node, name: str) -> None:
    """By itself, to the version before, and the history says which one failed."""
    node.reset()
    told = f"hactl history | grep 'firmware {name} in slot B did not prove itself: dev runs'"
    node.wait_through_restarts(told, GIVEN_UP_SECONDS)
    node.wait_for_state("active", BOOT_SECONDS)
    assert version(node) == ("dev", "A")


def test_a_daemon_that_crashes_at_its_start_is_given_up(node: Node, install: Callable[[str], None]) -> None:
    install("3.0.1")
    comes_back(node, "3.0.1")
    assert boot_environment(node)["B_OK"] == "0", "the timer gave it up, not the boot counter"


def test_a_rule_set_that_does_not_load_is_given_up(node: Node, install: Callable[[str], None]) -> None:
    install("3.0.2")
    comes_back(node, "3.0.2")
    assert "firmware 3.0.2 in slot B is not good (rules: " in node.run("hactl history").output


def test_a_system_that_hangs_before_systemd_is_restarted_by_the_watchdog(
    node: Node, install: Callable[[str], None]
) -> None:
    """The first script of the initrd has started it, and nobody feeds it."""
    install("3.0.3")
    set_environment(node, LAST_ATTEMPT)
    comes_back(node, "3.0.3")


def test_a_kernel_that_hangs_before_its_initrd_works_is_restarted_by_the_watchdog(
    node: Node, install: Callable[[str], None]
) -> None:
    """GRUB has started it. The kernel runs a program that waits for ever in place of the initrd's."""
    install("3.0.3")
    node.run(
        "mkdir -p /run/boot-b && mount /dev/disk/by-partlabel/boot-b /run/boot-b && "
        "sed -i 's|slot_arguments=\"|&rdinit=/usr/bin/cat |' /run/boot-b/slot.cfg && "
        "grep rdinit /run/boot-b/slot.cfg && umount /run/boot-b && sync",
        root=True,
    )
    set_environment(node, LAST_ATTEMPT)
    comes_back(node, "3.0.3")
