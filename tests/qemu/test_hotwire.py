"""The hotwire on booted nodes: network cards in any order, pulled out and put back; what a real box does."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.lab import Lab, LabOptions, NodeOptions
from firmware.lab.node import Node
from firmware.lab.preseed import hash_password, make_hotwire_secret, make_password, render_preseed
from firmware.lab.topology import STANDARD_PAIR, Cluster, HaInterface, Network, NetworkKind, PlannedNode

HOTWIRE_SECONDS = 60.0
BOOT_SECONDS = 300.0


def hotwire(node: Node) -> dict[str, object]:
    return dict(node.status()["hotwire"] or {})


def wait_for_hotwire(node: Node, state: str) -> None:
    what = f'hactl status --json | grep -A1 \'"hotwire": {{\' | grep -q \'"state": "{state}"\''
    node.wait_until(what, seconds=HOTWIRE_SECONDS)


def test_each_port_is_its_card_whatever_the_kernel_calls_it(quiet_pair: Lab) -> None:
    names = {}
    for name, node in quiet_pair.nodes.items():
        ports = node.status()["ports"]
        names[name] = [port["interface"] for port in sorted(ports, key=lambda port: port["port"])]
        assert all(port["mac"] == node.mac(port["port"]) for port in ports)
    assert names["alpha"] != names["beta"], "the test wants other names for the same ports"
    for node in quiet_pair.nodes.values():
        wait_for_hotwire(node, "up")
        assert node.status()["status"]["problems"] == []


def test_each_node_shows_the_other_one(quiet_pair: Lab) -> None:
    for name, other in (("alpha", "beta"), ("beta", "alpha")):
        told = hotwire(quiet_pair.node(name))
        assert told["connected"]
        assert told["drops"] == {}
        assert dict(told["peer"])["name"] == other  # type: ignore[call-overload]


def test_a_hotwire_card_that_is_pulled_out_is_missed_and_taken_up_again(pair: Lab) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    alpha.tear_out("hotwire")
    wait_for_hotwire(alpha, "down")
    problems = alpha.status()["status"]["problems"]
    assert any(alpha.mac("hotwire") in problem["text"] for problem in problems), problems
    assert (alpha.state(), beta.state()) == ("active", "backup")
    alpha.put_in("hotwire")
    for node in (alpha, beta):
        wait_for_hotwire(node, "up")
    assert (alpha.state(), beta.state()) == ("active", "backup")


def test_an_ha_card_that_is_pulled_out_hands_over_and_is_taken_up_again(pair: Lab) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    alpha.tear_out("lan")
    beta.wait_for_state("active")
    alpha.wait_for_state("backup")
    alpha.put_in("lan")
    alpha.wait_for_state("active")
    beta.wait_for_state("backup")


def test_with_all_ha_cables_cut_the_hotwire_leaves_one_active(pair: Lab) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    for network in ("lan", "wan"):
        pair.cut(network)
    for node in (alpha, beta):
        node.wait_until("test $(ip -o link | grep -c NO-CARRIER) -ge 2")
    alpha.wait_for_state("active")
    beta.wait_for_state("backup")
    for network in ("lan", "wan"):
        pair.heal(network)
    alpha.wait_for_state("active")


def wait_for_one_active(lab: Lab) -> None:
    pair = [lab.node(name) for name in ("alpha", "beta")]
    wait_until(
        lambda: sorted(node.state() for node in pair) == ["active", "backup"],
        Deadline(BOOT_SECONDS),
        "one active node and its backup",
    )


@pytest.mark.nightly
def test_a_reboot_while_the_hotwire_is_cut_leaves_one_active(pair: Lab, eyes) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    pair.cut("hotwire")
    for node in (alpha, beta):
        wait_for_hotwire(node, "down")
    alpha.reset()
    eyes.wait_for_owner("beta")
    alpha.wait_for_boot()
    wait_for_one_active(pair)
    pair.heal("hotwire")
    for node in (alpha, beta):
        wait_for_hotwire(node, "up")
    wait_for_one_active(pair)


def plain(node: PlannedNode) -> PlannedNode:
    """The node without an address on its hotwire."""
    ports = (port if port.name != "hotwire" else replace(port, addresses=()) for port in node.ports)
    return replace(node, ports=tuple(ports))


@pytest.fixture
def three_boxes(labs, image: Path) -> Iterator[Lab]:
    """A pair without configured addresses on its hotwire, in which somebody put a switch, and plugged in an
    appliance of another pair."""
    alpha, beta = map(plain, STANDARD_PAIR.nodes)
    ports = (replace(port, mac=port.mac.replace(":0a:", ":0c:")) for port in alpha.ports)
    gamma = replace(alpha, name="gamma", ports=tuple(ports))
    networks = (*STANDARD_PAIR.networks[:2], Network("hotwire", NetworkKind.SWITCH))
    elsewhere = HaInterface("lan", (IPv4Interface("192.168.12.201/24"),))
    preseed = render_preseed(
        gamma,
        Cluster("other", "gamma", (elsewhere,), "hotwire"),
        hash_password(make_password()),
        hotwire_secret=make_hotwire_secret(),
    )
    lab = labs.make(
        replace(STANDARD_PAIR, networks=networks, nodes=(alpha, beta, gamma)),
        LabOptions(image, special={"gamma": NodeOptions(preseed=preseed)}),
    )
    for port in ("lan", "wan"):
        lab.node("gamma").pull(port)
    for node in lab.nodes.values():
        node.power_on()
    yield lab
    lab.close()


@pytest.mark.nightly
def test_a_third_box_on_the_hotwire_is_told_and_changes_nothing(three_boxes: Lab) -> None:
    three_boxes.node("alpha").wait_for_state("active", BOOT_SECONDS)
    three_boxes.node("beta").wait_for_state("backup", BOOT_SECONDS)
    for name in ("alpha", "beta"):
        node = three_boxes.node(name)
        node.wait_until("hactl status | grep 'a foreign box is on the cable'", BOOT_SECONDS)
        wait_for_hotwire(node, "up")
        assert dict(hotwire(node)["drops"]).keys() == {"wrong-key"}  # type: ignore[call-overload]
    wait_for_one_active(three_boxes)
