"""Link up, but the switch port still blocks: the node does not take over before a frame came in."""

import json

import pytest

from .pair import PORTS, Pair, TestNode
from .waiting import wait_for

LLDP = "0180c200000e525400480001" + "88cc" + "00" * 46
ARP_REQUEST = "ffffffffffff525400480001" + "0806" + "00" * 46


@pytest.fixture
def pair(pair: Pair) -> Pair:
    """Its switches say nothing of themselves."""
    for port in PORTS:
        pair.switch.run("sysctl", "-qw", f"net.ipv6.conf.alpha-{port}.disable_ipv6=1")
    return pair


def come_back_to_blocked_port(pair: Pair) -> None:
    """Beta has taken over from alpha, whose link on wan is up again, and no frame passes."""
    pair.start()
    pair.alpha.pull("wan")
    pair.wait_holder(pair.beta)
    pair.alpha.unplug_from_switch("wan")
    pair.alpha.plug("wan")
    wait_for("alpha sees its link", lambda: score(pair.alpha)["links_down"] == 0, within=10)


def score(node: TestNode) -> dict[str, int]:
    return node.status()["status"]["score"]


def send(pair: Pair, frame: str) -> None:
    """Out of the switch port that alpha's wan is connected to."""
    code = "import socket,sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); "
    code += "s.bind(('alpha-wan', 0)); s.send(bytes.fromhex(sys.argv[1]))"
    pair.switch.run("python3", "-c", code, frame)


def received(node: TestNode, port: str) -> int:
    (link,) = json.loads(node.namespace.run("ip", "-s", "-j", "link", "show", port))
    return int(link["stats64"]["rx"]["packets"])


def test_a_blocked_port_is_not_taken_over_on_until_it_lets_through(pair):
    come_back_to_blocked_port(pair)
    before = received(pair.alpha, "wan")
    send(pair, LLDP)
    wait_for("the switch's own frame has come in", lambda: received(pair.alpha, "wan") > before, within=5)
    assert score(pair.alpha)["unproven"] == 1
    heard = pair.alpha.status()["status"]["interfaces"][0]["received"]
    wait_for(
        "more advertisements than a takeover takes",
        lambda: pair.alpha.status()["status"]["interfaces"][0]["received"] >= heard + 10,
        within=10,
    )
    assert pair.alpha.state() == "backup"
    pair.alpha.plug_into_switch("wan")
    pair.wait_holder(pair.alpha)
    pair.check_logs()


def test_any_stations_frame_is_proof(pair):
    come_back_to_blocked_port(pair)
    assert score(pair.alpha)["unproven"] == 1
    send(pair, ARP_REQUEST)
    pair.wait_holder(pair.alpha)
    pair.check_logs()


def test_a_node_that_boots_alone_on_a_silent_network_does_not_wait_for_proof(pair):
    pair.alpha.configure()
    for port in PORTS:
        pair.alpha.unplug_from_switch(port)
    pair.alpha.start()
    pair.alpha.wait_state("active", within=10)
