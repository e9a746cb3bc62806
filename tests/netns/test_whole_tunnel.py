"""A tunnel that takes everything: which table the kernel asks, and the daemon that has it asked.

The kernel of the tests has no WireGuard: a veth stands for the tunnel.
"""

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hadaemon.config import load_cluster
from hadaemon.follow.files import files
from hadaemon.follow.follower import wireguard_unit
from hadaemon.follow.table import TUNNEL_MARK

from .hotwire import HotwirePair, build_hotwire_pair
from .namespaces import Namespace, Namespaces, lone_node
from .services import Manager
from .waiting import wait_for

KEY = "aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxkLCBoZWxsbyE="
FOLLOW = f"""
[[follow.wireguard]]
name = "wg0"
private_key = "{KEY}"
addresses = ["10.8.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{KEY}"
allowed = ["0.0.0.0/0", "::/0"]
endpoint = "198.51.100.7:51820"
"""
ALONE = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "wan"
virtual_addresses = ["192.168.175.101/24"]
"""
PUT = """
import sys
from hadaemon.io.kernel.policy_rules import put_tunnel_rules
put_tunnel_rules((4, 6)[: int(sys.argv[1])])
"""
OURS = {209, 210}


def priorities(node: Namespace) -> list[set[int]]:
    """Of the rules of IPv4, and of those of IPv6."""
    shown = (json.loads(node.run("ip", "-j", version, "rule", "show")) for version in ("-4", "-6"))
    return [{rule["priority"] for rule in rules} & OURS for rules in shown]


def way(node: Namespace, address: str, *more: str) -> str:
    """The interface that leads there."""
    (found,) = json.loads(node.run("ip", "-j", "route", "get", address, *more))
    return str(found["dev"])


@pytest.fixture
def node() -> Iterator[Namespace]:
    with Namespaces() as namespaces:
        made = lone_node(namespaces, {"wan": "192.168.175.2/24", "hotwire": "192.168.180.2/24"})
        made.run("ip", "route", "add", "default", "via", "192.168.175.1")
        made.run("ip", "route", "add", "172.16.0.0/12", "via", "192.168.175.9")
        yield made


def put(node: Namespace, versions: int) -> None:
    node.run(sys.executable, "-P", "-c", PUT, str(versions))


def test_everything_goes_into_the_tunnel_but_what_is_near_and_the_tunnel_itself(
    node: Namespace, tmp_path: Path
) -> None:
    (steps,) = (
        each.text
        for each in files("alpha", load_cluster(ALONE + FOLLOW), {}, {}, {})
        if each.name == "wg0.ip"
    )
    (tmp_path / "wg0.ip").write_text(steps)
    put(node, 2)
    assert way(node, "9.9.9.9") == "wan", "there is no tunnel yet"
    node.run("ip", "link", "add", "wg0", "type", "veth", "peer", "name", "far")
    node.run("ip", "link", "set", "far", "up")
    node.run("ip", "-batch", str(tmp_path / "wg0.ip"))
    assert way(node, "9.9.9.9") == "wg0"
    assert way(node, "2001:db8::1") == "wg0"
    assert way(node, "198.51.100.7", "mark", str(TUNNEL_MARK)) == "wan", "the tunnel's own packets"
    assert way(node, "9.9.9.9", "oif", "wan") == "wan", "who binds the port is heard"
    assert [way(node, each) for each in ("192.168.175.9", "172.16.1.1")] == ["wan", "wan"]
    assert way(node, "192.168.180.3") == "hotwire"
    node.run("ip", "link", "delete", "wg0")
    assert way(node, "9.9.9.9") == "wan", "it went with the tunnel"


def test_the_rules_are_put_and_removed_as_often_as_one_likes(node: Namespace) -> None:
    for versions, wanted in ((0, [set(), set()]), (1, [OURS, set()]), (1, [OURS, set()]), (2, [OURS, OURS])):
        put(node, versions)
        assert priorities(node) == wanted
    put(node, 0)
    assert priorities(node) == [set(), set()]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[HotwirePair]:
    """No daemon runs yet."""
    with Namespaces() as namespaces, contextlib.ExitStack() as stack:
        built = build_hotwire_pair(namespaces, tmp_path)
        for each in built.hot_nodes:
            each.configure()
            stack.callback(Manager(each, {wireguard_unit("wg0"): None}).close)
        yield built
        for each in built.hot_nodes:
            if each.daemon is not None and each.daemon.poll() is None:
                each.signal(signal.SIGTERM)
                each.wait_end()
        built.check_logs()


def test_the_daemon_has_the_rules_while_its_configuration_has_such_a_tunnel(pair: HotwirePair) -> None:
    plain = [node.cluster for node in pair.hot_nodes]
    for node in pair.hot_nodes:
        node.cluster += FOLLOW
    pair.start()
    for node in pair.hot_nodes:
        wait_for("its rules", lambda node=node: priorities(node.namespace) == [OURS, OURS], 10)
        node.namespace.run("ip", "rule", "delete", "priority", str(max(OURS)))
        wait_for("them again", lambda node=node: priorities(node.namespace) == [OURS, OURS], 10)
    for node, text in zip(pair.hot_nodes, plain, strict=True):
        node.cluster = text
        node.configure()
        assert node.ask("reload").get("ok")
        wait_for("no rule", lambda node=node: priorities(node.namespace) == [set(), set()], 10)
