"""What a node survives: a bad configuration, a damaged slot, power that goes at the worst moment."""

import math
import os
import random
import re
import time
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.disk import corrupt
from firmware.lab.lab import Lab, NodeOptions
from firmware.lab.node import Node
from firmware.lab.topology import STANDARD_PAIR

BOOT_SECONDS = 300.0
FALLBACK_SECONDS = 480.0
"""Three attempts that end in a panic and ten seconds of waiting, then a whole boot."""
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
    """Everything that node's serial console ever said."""
    return ESCAPE_SEQUENCE.sub("", node.spec.serial_log.read_text(errors="replace"))


def wait_for_serial(node: Node, text: str, seconds: float = BOOT_SECONDS, after: int = 0) -> None:
    wait_until(
        lambda: text in serial_text(node)[after:],
        Deadline(seconds),
        f"{text!r} on the serial console",
        node.name,
        explain=lambda: f"Its last words: {serial_text(node)[-300:]!r}",
    )


def test_a_bad_preseed_leaves_the_node_out_and_is_told_on_the_console(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(STANDARD_PAIR.only("alpha"), NodeOptions(preseed=BAD_PRESEED))
    alpha = lab.node("alpha")
    alpha.power_on()
    wait_for_serial(alpha, "login: ")
    said = serial_text(alpha)
    for place in ("admin.password_hash", "node.colour", "node.ports.lan.mac", "cluster.ha_interfaces"):
        assert f"preseed.toml: {place}" in said, f"nothing is said about {place}"
    assert "not configured" in said
    with lab.clients["client"].watch(VIRTUAL_ADDRESS) as watch:
        wait_until(lambda: len(watch.probes) > 15, Deadline(30), "three seconds of watching")
        assert watch.owners == (), "a node without a configuration answers for nothing"


def test_a_bad_cluster_configuration_keeps_the_node_out_of_the_cluster(pair: Lab, eyes) -> None:
    beta = pair.node("beta")
    beta.run(
        "cp -p /data/state/cluster.toml /data/cluster.good && "
        "sed -i 's/^port = .lan./port = \"dmz\"/' /data/state/cluster.toml && sync",
        root=True,
    )
    start = len(serial_text(beta))
    beta.reset()
    beta.wait_for_boot(BOOT_SECONDS)
    wait_for_serial(beta, "login: ", after=start)
    assert "cluster.toml: ha_interfaces" in serial_text(beta)[start:]
    told = beta.wait_until("hactl status | grep cluster.toml; test ${PIPESTATUS[1]} -eq 0").output
    assert "dmz" in told
    assert beta.state() not in ("active", "backup")
    assert pair.node("alpha").state() == "active"
    beta.run("mv /data/cluster.good /data/state/cluster.toml && sync && hactl reload", root=True)
    beta.wait_for_state("backup")
    assert eyes.owners("client") == ["alpha"]


def test_a_corrupted_slot_falls_back_to_the_other_by_itself(pair: Lab, eyes) -> None:
    alpha = pair.node("alpha")
    assert alpha.status()["firmware"]["slot"] == "A"
    alpha.wait_until("journalctl -u hotspare-seed-slot | grep -q 'slot B holds'", seconds=300, root=True)
    alpha.run("sync")
    alpha.power_off()
    corrupt(alpha.spec.disk, "root-a", offset=0, length=64 << 20)
    alpha.power_on()
    eyes.wait_for_owner("beta")
    alpha.wait_for_boot(FALLBACK_SECONDS)
    alpha.wait_for_state("active")
    assert alpha.status()["firmware"]["slot"] == "B"
    assert "rauc.slot=B" in alpha.run("cat /proc/cmdline").output
    eyes.wait_for_owner("alpha")


def test_power_cuts_during_the_first_boot_leave_a_pair_that_works(make_lab: Callable[..., Lab]) -> None:
    check_power_cuts(
        make_lab(),
        {
            "alpha": ("scripts/local-bottom", "hotspare-setup"),
            "beta": ("hotspare-grow-data", "Started hotspare-seed-slot"),
        },
    )


@pytest.mark.nightly
def test_many_power_cuts_during_the_first_boot_leave_a_pair_that_works(make_lab: Callable[..., Lab]) -> None:
    moments = (
        "scripts/local-top",
        "scripts/local-bottom",
        "Welcome to",
        "hotspare-grow-data",
        "hotspare-setup",
        "Started hotspare-seed-slot",
        "login: ",
    )
    check_power_cuts(make_lab(), {"alpha": moments, "beta": moments[::-1]})


def check_power_cuts(lab: Lab, moments: dict[str, tuple[str, ...]]) -> None:
    """Cuts each node's power a moment after its console has said each of the words, then boots both."""
    chance = random.Random(os.environ.get("HOTSPARE_SEED", "1"))
    for words in zip(*moments.values(), strict=True):
        cut_power_at(lab, dict(zip(moments, words, strict=True)), chance)
    for node in lab.nodes.values():
        node.power_on()
    for name, state in (("alpha", "active"), ("beta", "backup")):
        node = lab.node(name)
        node.wait_for_state(state, BOOT_SECONDS)
        assert node.run("test -e /run/hotspare/data-error", check=False).status == 1
        assert node.run("systemctl --failed --plain --no-legend").output.strip() == ""


def cut_power_at(lab: Lab, words: dict[str, str], chance: random.Random) -> None:
    """Boots every node, and cuts its power up to two seconds after its serial console has said its words."""
    heard = {name: len(serial_text(lab.node(name))) for name in words}
    cut_at: dict[str, float] = {}
    for name in words:
        lab.node(name).power_on()

    def all_cut() -> bool:
        for name, text in words.items():
            node = lab.node(name)
            if name not in cut_at and text in serial_text(node)[heard[name] :]:
                cut_at[name] = time.monotonic() + chance.uniform(0, 2)
            if node.running and time.monotonic() >= cut_at.get(name, math.inf):
                node.power_off()
        return not any(lab.node(name).running for name in words)

    wait_until(all_cut, Deadline(BOOT_SECONDS), f"one of {words}", "serial consoles", interval=0.05)
