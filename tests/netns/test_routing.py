"""Routes that the daemon keeps: what the kernel has of them, where packets go, and who goes which way."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .namespaces import Namespace, Namespaces, lone_node
from .pair import CLIENT, CLUSTER, VIRTUAL, Pair, TestNode
from .test_hactl import hactl
from .waiting import wait_for

PUT = """
import sys
from ipaddress import ip_address, ip_network
from hadaemon.config.network_model import RouteKind
from hadaemon.follow.routing import KernelRoute, KernelRule
from hadaemon.io.kernel.own_routes import put_routing
print(*put_routing(*eval(sys.stdin.read(), globals())))
"""
ROUTES = """
KernelRoute(ip_network("10.0.0.0/8"), RouteKind.BLACKHOLE),
KernelRoute(ip_network("2001:db8::/32"), RouteKind.PROHIBIT, metric=1024),
KernelRoute(ip_network("0.0.0.0/0"), table=100, interface={wan}, gateway=ip_address("192.168.175.9"),
    source=ip_address("192.168.175.2")),
KernelRoute(ip_network("::/0"), table=100, metric=1024, interface={wan}, gateway=ip_address("fe80::9")),
KernelRoute(ip_network("10.7.0.0/16"), table=200, metric=5, interface={wan},
    gateway=ip_address("203.0.113.1"), on_link=True),
KernelRoute(ip_network("10.8.0.0/16"), interface={wan}),
"""
RULES = """
KernelRule(4, 80, 100, ip_network("192.168.12.0/24"), "lan", 7, narrow=True),
KernelRule(6, 144, 254, narrow=True),
KernelRule(4, 145, 100, ip_network("192.168.12.0/24"), "lan", 7),
"""


@pytest.fixture
def node() -> Iterator[Namespace]:
    with Namespaces() as namespaces:
        made = lone_node(namespaces, {"lan": "192.168.12.2/24", "wan": "192.168.175.2/24"})
        made.run("ip", "route", "add", "10.9.0.0/16", "via", "192.168.12.9")
        made.run("ip", "rule", "add", "priority", "99", "table", "7")
        yield made


def put(node: Namespace, routes: str = "", rules: str = "") -> str:
    (found,) = json.loads(node.run("ip", "-j", "link", "show", "wan"))
    text = f"([{routes.format(wan=found['ifindex'])}], [{rules}])"
    return node.run(sys.executable, "-P", "-c", PUT, stdin=text).strip()


def ours(node: Namespace) -> tuple[list[Any], list[Any]]:
    """Routes and rules with the daemon's mark, as `ip` shows them."""
    routes = [
        each
        for version in ("-4", "-6")
        for each in json.loads(node.run("ip", "-d", "-j", version, "route", "show", "table", "all"))
        if str(each.get("protocol")) == "72"
    ]
    rules = [
        each
        for version in ("-4", "-6")
        for each in json.loads(node.run("ip", "-d", "-j", version, "rule", "show"))
        if str(each.get("protocol")) == "72"
    ]
    return routes, rules


MARKED, LAST = "10.11.0.0/16", "10.10.0.0/16"


def heard(node: Namespace, log: Path) -> bool:
    """Until it listens, something is changed for it to hear."""
    node.run("ip", "route", "replace", MARKED, "dev", "lan")
    node.run("ip", "route", "delete", MARKED)
    return MARKED in log.read_text()


def test_exactly_the_wanted_ones_are_there_and_those_of_others_stay(node: Namespace, tmp_path: Path) -> None:
    assert put(node, ROUTES, RULES) == ""
    routes, rules = ours(node)
    assert (len(routes), len(rules)) == (6, 3)
    monitor = node.start("ip", "monitor", "route", "rule", log=tmp_path / "told")
    wait_for("it listens", lambda: heard(node, tmp_path / "told"), 5)
    assert put(node, ROUTES, RULES) == "", "it is found again, and stays"
    assert ours(node) == (routes, rules)
    node.run("ip", "route", "add", LAST, "dev", "lan")
    wait_for("it is told", lambda: LAST in (tmp_path / "told").read_text(), 5)
    monitor.terminate()
    monitor.wait()
    told = (tmp_path / "told").read_text().splitlines()
    others = [line for line in told if MARKED not in line and LAST not in line and "kernel" not in line]
    assert not others, "nothing was touched"
    assert put(node) == ""
    assert ours(node) == ([], [])
    assert "10.9.0.0/16" in node.run("ip", "route", "show")
    assert "99:" in node.run("ip", "rule", "show")


def test_what_the_kernel_refuses_is_told_and_the_others_are_there(node: Namespace) -> None:
    wrong = 'KernelRoute(ip_network("10.5.0.0/16"), interface={wan}, gateway=ip_address("198.51.100.1")),'
    assert "add 10.5.0.0/16 via 198.51.100.1" in put(node, ROUTES + wrong)
    assert len(ours(node)[0]) == 6


WAN_GATEWAY = "192.168.175.1"
WHILE = f"""
[[routes]]
destination = "default"
gateway = "{WAN_GATEWAY}"
port = "wan"
while = "active"
[[routes]]
destination = "default"
gateway = "{VIRTUAL["lan"]}"
while = "backup"
"""
POLICY = f"""
[[routes]]
destination = "default"
gateway = "192.168.175.9"
port = "wan"
table = 100
[[routes]]
destination = "203.0.113.0/24"
type = "prohibit"
table = 100
[[routes]]
destination = "10.0.0.0/8"
type = "blackhole"
[[policy_routes]]
table = 100
source = ["{CLIENT}"]
from = ["lan"]
"""


def gateway(node: TestNode) -> str:
    """Of the default route."""
    found = json.loads(node.namespace.run("ip", "-j", "route", "show", "default"))
    return str(found[0]["gateway"]) if found else ""


def wait_ways(active: TestNode, backup: TestNode) -> None:
    wait_for("the active one goes by the WAN", lambda: gateway(active) == WAN_GATEWAY, 5)
    wait_for("the backup goes by the active one", lambda: gateway(backup) == VIRTUAL["lan"], 5)


def configured(pair: Pair, more: str) -> Pair:
    for node in pair.nodes:
        node.cluster = CLUSTER + more
    pair.start()
    return pair


def test_the_default_route_of_a_backup_leads_by_the_active_node(pair: Pair) -> None:
    configured(pair, WHILE)
    wait_ways(pair.alpha, pair.beta)
    assert hactl(pair.alpha, "switch").returncode == 0
    wait_ways(pair.beta, pair.alpha)
    pair.beta.namespace.run("ip", "route", "delete", "default")
    wait_ways(pair.beta, pair.alpha)
    pair.beta.signal(signal.SIGKILL)
    pair.beta.wait_end()
    pair.alpha.wait_state("active")
    wait_for("the other one takes over", lambda: gateway(pair.alpha) == WAN_GATEWAY, 5)
    assert gateway(pair.beta) == WAN_GATEWAY, "nobody has removed it"
    pair.beta.start()
    wait_ways(pair.alpha, pair.beta)
    pair.alpha.cluster = CLUSTER
    pair.alpha.configure()
    assert pair.alpha.ask("reload")["changed"]
    wait_for("it is gone with its lines", lambda: gateway(pair.alpha) == "", 5)
    pair.beta.signal(signal.SIGTERM)
    pair.beta.wait_end()
    assert gateway(pair.beta) == "", "a node without its daemon is neither"


def leads(node: TestNode, address: str, *more: str) -> str:
    """The next router of what the client sends there; empty: nobody."""
    text = node.namespace.run("ip", "route", "get", address, "from", CLIENT, "iif", *more, check=False)
    return text.partition(" via ")[2].partition(" ")[0]


def test_who_is_named_leaves_by_his_own_table(pair: Pair) -> None:
    configured(pair, POLICY)
    node = pair.alpha
    node.namespace.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    wait_for("the rules are there", lambda: leads(node, "9.9.9.9", "lan") == "192.168.175.9", 5)
    assert leads(node, "203.0.113.7", "lan") == "", "a narrower route of the table"
    assert leads(node, "10.1.1.1", "lan") == "", "dropped for everybody"
    own = node.namespace.run("ip", "route", "get", "192.168.175.77", "from", CLIENT, "iif", "lan")
    assert " via " not in own, "the node's own networks stay within reach"
    before = node.namespace.run("ip", "rule", "show")
    node.signal(signal.SIGKILL)
    node.wait_end()
    node.start()
    node.wait_state("active")
    assert node.namespace.run("ip", "rule", "show") == before
    node.cluster = CLUSTER
    node.configure()
    assert node.ask("reload")["changed"]
    wait_for("they are gone", lambda: "lookup 100" not in node.namespace.run("ip", "rule", "show"), 5)
    assert "blackhole" not in node.namespace.run("ip", "route", "show")
