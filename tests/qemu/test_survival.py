"""What a node survives: a bad configuration, a damaged slot, power that goes at the worst moment."""

import os
import random
import re
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR
from tests.lab.disks import corrupt

BOOT_SECONDS = 300.0
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
VIRTUAL_ADDRESS = IPv4Address("192.168.12.1")
BAD_PRESEED = """\
schema = 1
[admin]
password_hash = "no hash at all"
[node]
name = "alpha"
colour = "red"
[node.ports.lan]
mac = "52:54:00:48:0a:0g"
[cluster]
name = "office"
master = "alpha"
[[cluster.ha_interfaces]]
port = "dmz"
virtual_addresses = ["192.168.12.1/33"]
"""


def serial_text(node: Node) -> str:
    """Everything that the serial console of this lab's node ever said."""
    return ESCAPE_SEQUENCE.sub("", node.serial_text)


def wait_for_serial(node: Node, text: str, seconds: float = BOOT_SECONDS, after: int = 0) -> None:
    wait_until(
        lambda: text in serial_text(node)[after:],
        Deadline(seconds),
        f"{text!r} on the serial console",
        node.name,
        explain=lambda: f"Its last words: {serial_text(node)[-300:]!r}",
    )


@pytest.fixture
def misled(labs, image: Path) -> Iterator[Lab]:
    """A node with a bad preseed."""
    lab = labs.make(STANDARD_PAIR.only("alpha"), LabOptions(image, NodeOptions(preseed=BAD_PRESEED)))
    lab.node("alpha").power_on()
    yield lab
    lab.close()


def test_a_corrupted_slot_falls_back_to_the_other_by_itself(pair: Lab, eyes) -> None:
    """After its last attempt: that there are three is shown by a firmware that panics."""
    alpha = pair.node("alpha")
    assert alpha.status()["firmware"]["slot"] == "A"
    alpha.run("grub-editenv /boot/efi/grub/grubenv set A_TRY=2 && sync", root=True)
    eyes.wait_for_owner("alpha")
    alpha.power_off()
    corrupt(alpha.spec.disk, "root-a", offset=0, length=64 << 20)
    alpha.power_on()
    eyes.wait_for_owner("beta")
    alpha.wait_for_boot()
    alpha.wait_for_state("active")
    assert alpha.status()["firmware"]["slot"] == "B"
    assert "rauc.slot=B" in alpha.run("cat /proc/cmdline").output
    eyes.wait_for_owner("alpha")
    assert eyes.owners("client") == eyes.owners("router") == ["alpha", "beta", "alpha"]


@pytest.mark.nightly
def test_a_bad_preseed_leaves_the_node_out_and_is_told_on_the_console(misled: Lab) -> None:
    alpha = misled.node("alpha")
    wait_for_serial(alpha, "language > ")  # The menu's first question, in place of a login.
    said = serial_text(alpha)
    for place in ("admin.password_hash", "node.colour", "node.ports.lan.mac", "cluster.ha_interfaces"):
        assert f"preseed.toml: {place}" in said, f"nothing is said about {place}"
    assert "not configured" in said
    with misled.clients["client"].watch(VIRTUAL_ADDRESS) as watch:
        wait_until(lambda: len(watch.probes) > 15, Deadline(30), "three seconds of watching")
        assert watch.owners == (), "a node without a configuration answers for nothing"
    alpha.power_off()


@pytest.mark.nightly
def test_a_bad_cluster_configuration_keeps_the_node_out_of_the_cluster(pair: Lab, eyes) -> None:
    beta = pair.node("beta")
    beta.run(
        "cp -p /data/state/cluster.toml /data/cluster.good && "
        "sed -i 's/^port = .lan./port = \"dmz\"/' /data/state/cluster.toml && sync",
        root=True,
    )
    start = len(serial_text(beta))
    beta.reset()
    beta.wait_for_boot()
    wait_for_serial(beta, "login: ", after=start)
    assert "cluster.toml: ha_interfaces" in serial_text(beta)[start:]
    told = beta.wait_until("hactl status | grep cluster.toml; test ${PIPESTATUS[1]} -eq 0").output
    assert "dmz" in told
    assert beta.state() not in ("active", "backup")
    assert pair.node("alpha").state() == "active"
    beta.run("mv /data/cluster.good /data/state/cluster.toml && sync && hactl reload", root=True)
    beta.wait_for_state("backup")
    assert eyes.owners("client") == ["alpha"]


@pytest.mark.nightly
def test_power_cuts_during_the_first_boot_leave_a_pair_that_works(fresh_pair: Lab) -> None:
    moments = (
        "scripts/local-top",
        "scripts/local-bottom",
        "Welcome to",
        "hotspare-grow-data",
        "hotspare-setup",
        "Started hotspare-seed-slot",
        "login: ",
    )
    check_power_cuts(fresh_pair, {"alpha": moments, "beta": moments[::-1]})


@pytest.mark.nightly
def test_a_destroyed_boot_environment_is_mended(pair: Lab) -> None:
    beta = pair.node("beta")
    beta.run(
        "dd if=/dev/zero of=/boot/efi/grub/grubenv bs=1024 count=1 conv=notrunc,fsync && "
        "rm -f /data/rauc/grubenv && sync",
        root=True,
    )
    beta.reset()
    beta.wait_for_state("backup", BOOT_SECONDS)
    kept = beta.run("grub-editenv /boot/efi/grub/grubenv list", root=True).output
    assert "ORDER=A B" in kept
    assert "A_OK=1" in kept


@pytest.mark.nightly
def test_a_destroyed_data_partition_is_told_and_the_node_takes_no_part(fresh_pair: Lab) -> None:
    alpha = fresh_pair.node("alpha")
    alpha.power_on()
    alpha.wait_for_state("active", BOOT_SECONDS)
    alpha.run("sync")
    alpha.power_off()
    corrupt(alpha.spec.disk, "data", offset=0, length=64 << 20)
    start = len(serial_text(alpha))
    alpha.power_on()
    wait_for_serial(alpha, "login: ", after=start)
    assert "the data partition cannot be used: e2fsck could not repair" in serial_text(alpha)[start:]
    with fresh_pair.clients["client"].watch(VIRTUAL_ADDRESS) as watch:
        wait_until(lambda: len(watch.probes) > 15, Deadline(30), "three seconds of watching")
        assert watch.owners == ()


@pytest.fixture
def fresh_pair(labs, image: Path) -> Iterator[Lab]:
    """A pair of the test's own, never switched on."""
    lab = labs.make(STANDARD_PAIR, LabOptions(image))
    yield lab
    lab.close()


def check_power_cuts(lab: Lab, moments: dict[str, tuple[str, ...]]) -> None:
    """Cuts each node's power a moment after its console has said each of the words, then lets both boot."""
    chance = random.Random(os.environ.get("HOTSPARE_SEED", "1"))
    cuts = [PowerCuts(lab.node(name), words, chance) for name, words in moments.items()]
    wait_until(
        lambda: all([cut.advance() for cut in cuts]),  # noqa: C419 - every node advances, each time
        Deadline(BOOT_SECONDS * len(cuts[0].words)),
        "the last power cut",
        "serial consoles",
        interval=0.05,
        explain=lambda: f"Still awaited: {[cut.words for cut in cuts]}.",
    )
    for name, state in (("alpha", "active"), ("beta", "backup")):
        node = lab.node(name)
        node.wait_for_state(state, BOOT_SECONDS)
        assert node.run("test -e /run/hotspare/data-error", check=False).status == 1
        assert node.run("systemctl --failed --plain --no-legend").output.strip() == ""


class PowerCuts:
    """Boots a node again and again, and cuts its power up to two seconds after each of the words."""

    def __init__(self, node: Node, words: tuple[str, ...], chance: random.Random) -> None:
        self.words = list(words)
        self._node = node
        self._chance = chance
        self._boot()

    def advance(self) -> bool:
        """Cuts the power if it is time; says whether the last cut is done and the node boots in peace."""
        if self.words and self._cut_at is None and self.words[0] in serial_text(self._node)[self._heard :]:
            self._cut_at = time.monotonic() + self._chance.uniform(0, 2)
        if self._cut_at is not None and time.monotonic() >= self._cut_at:
            self._node.power_off()
            self.words.pop(0)
            self._boot()
        return not self.words

    def _boot(self) -> None:
        self._heard = len(serial_text(self._node))
        self._cut_at: float | None = None
        self._node.power_on()
