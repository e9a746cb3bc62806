"""The hotwire on booted nodes: network cards in any order, pulled out and put back; what a real box does."""

from firmware.lab.lab import Lab
from firmware.lab.node import Node

HOTWIRE_SECONDS = 60.0


def hotwire(node: Node) -> dict[str, object]:
    return dict(node.status()["hotwire"] or {})


def wait_for_hotwire(node: Node, state: str) -> None:
    what = f'hactl status --json | grep -A1 \'"hotwire": {{\' | grep -q \'"state": "{state}"\''
    node.wait_until(what, seconds=HOTWIRE_SECONDS)


def test_each_port_is_its_card_whatever_the_kernel_calls_it(pair: Lab) -> None:
    names = {}
    for name, node in pair.nodes.items():
        ports = node.status()["ports"]
        names[name] = [port["interface"] for port in sorted(ports, key=lambda port: port["port"])]
        assert all(port["mac"] == node.mac(port["port"]) for port in ports)
    assert names["alpha"] != names["beta"], "the test wants other names for the same ports"
    for node in pair.nodes.values():
        wait_for_hotwire(node, "up")
        assert node.status()["status"]["problems"] == []


def test_each_node_shows_the_other_one(pair: Lab) -> None:
    for name, other in (("alpha", "beta"), ("beta", "alpha")):
        told = hotwire(pair.node(name))
        assert told["connected"]
        assert told["drops"] == {}
        assert dict(told["peer"])["name"] == other  # type: ignore[call-overload]


def test_a_hotwire_card_that_is_pulled_out_is_missed_and_taken_up_again(pair: Lab) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    alpha.tear_out("hotwire")
    wait_for_hotwire(alpha, "down")
    problems = alpha.status()["status"]["problems"]
    assert any(alpha.mac("hotwire") in problem for problem in problems), problems
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


def test_a_killed_daemon_is_known_over_the_hotwire(pair: Lab) -> None:
    alpha, beta = pair.node("alpha"), pair.node("beta")
    alpha.kill("hadaemon")
    beta.wait_until("journalctl -b -u hadaemon | grep -q 'alpha is gone: its daemon died'", root=True)
    alpha.wait_for_state("active")
    for node in (alpha, beta):
        wait_for_hotwire(node, "up")


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
