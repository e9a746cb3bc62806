"""A port with private own addresses and one public virtual one: only the active node can ask the internet."""

import time

from .namespaces import Namespace
from .pair import INTERVAL, Pair, TestNode
from .waiting import wait_for

OUTSIDE = "9.9.9.9"
PROVIDER = "203.0.113.1"
GROUP = f"""
[[ping_groups]]
name = "internet"
hosts = ["{OUTSIDE}"]
interval = "{INTERVAL * 2000:.0f}ms"
timeout = "{INTERVAL * 1000:.0f}ms"
counts_on = "active"
"""


def plug_in_provider(pair: Pair) -> Namespace:
    """It knows the public network alone."""
    provider = pair.client
    pair.switch.run("ip", "link", "add", "isp", "type", "veth", "peer", "name", "line")
    pair.switch.run("ip", "link", "set", "isp", "master", "br-wan", "up")
    pair.switch.run("ip", "link", "set", "line", "netns", provider.entry[2])
    provider.run("ip", "address", "add", f"{PROVIDER}/29", "dev", "line")
    provider.run("ip", "address", "add", f"{OUTSIDE}/32", "dev", "lo")
    for interface in ("line", "lo"):
        provider.run("ip", "link", "set", interface, "up")
    return provider


def line(node: TestNode, verb: str) -> None:
    node.namespace.run("ip", "route", verb, "default", "via", PROVIDER, "dev", "wan", "onlink")


def group(node: TestNode) -> dict[str, object]:
    (found,) = node.status()["status"]["ping_groups"]
    return found


def test_the_pair_moves_once_and_goes_back_when_it_is_told_to(pair: Pair) -> None:
    plug_in_provider(pair)
    for node in (pair.alpha, pair.beta):
        node.cluster = node.cluster.replace("192.168.175.101/24", "203.0.113.2/29") + GROUP
        line(node, "add")
        node.configure()
        node.start()
        node.wait_state("active" if node is pair.alpha else "backup")
    wait_for("beta asks in vain", lambda: group(pair.beta)["failed_hosts"] == [OUTSIDE], 10)
    assert group(pair.alpha) == {"name": "internet", "failed": False, "failed_hosts": []}
    assert group(pair.beta)["failed"] is False
    for node in (pair.alpha, pair.beta):
        assert node.status()["status"]["problems"] == []
    line(pair.alpha, "del")
    pair.beta.wait_state("active")
    pair.alpha.wait_state("backup")
    pair.alpha.wait_problem("did not answer when this node was active")
    wait_for("beta reaches it", lambda: group(pair.beta)["failed_hosts"] == [], 10)
    line(pair.alpha, "add")
    time.sleep(20 * INTERVAL)
    assert pair.beta.state() == "active", "the two do not take turns"
    assert pair.alpha.ask("resume").get("ok")
    pair.alpha.wait_state("active")
    pair.beta.wait_state("backup")
    wait_for("no problem is left", lambda: pair.alpha.status()["status"]["problems"] == [], 5)
