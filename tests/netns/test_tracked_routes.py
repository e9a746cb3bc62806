"""Tracked routes: which ones the kernel has, as the daemon learns it, and what a pair makes of it."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .namespaces import Namespace, Namespaces
from .pair import Pair
from .test_hactl import hactl
from .waiting import wait_for

ASK = """
import asyncio, json, sys
from ipaddress import ip_network
from hadaemon.config import TrackedRoute
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.route_watch import RouteWatch

async def main(*routes):
    loop = asyncio.get_running_loop()
    watches = []
    network = Network(loop, lambda: [watch.wake() for watch in watches])
    split = [route.partition(" over ") for route in routes]
    tracked = [TrackedRoute(ip_network(network), port or None, 1.0) for network, _, port in split]
    told = lambda event: print(json.dumps([str(event.route), event.present]), flush=True)
    find = lambda name: next((link for link in network.table.links() if link.name == name), None)
    watches.append(RouteWatch(tracked, find, loop, told))
    watches[0].start()
    await loop.run_in_executor(None, sys.stdin.read)
    watches[0].close()
    network.close()

asyncio.run(main(*sys.argv[1:]))
"""
DEFAULT, OVER_WAN, OFFICE, SIX = "0.0.0.0/0", "0.0.0.0/0 over wan", "10.7.0.0/16", "::/0"


class Watched:
    """What a watch in a namespace has told, by route."""

    def __init__(self, namespace: Namespace, *routes: str) -> None:
        self._process = subprocess.Popen(
            [*namespace.entry, sys.executable, "-P", "-X", "dev", "-c", ASK, *routes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told: dict[str, bool] = {}

    def wait_for(self, wanted: dict[str, bool]) -> None:
        assert self._process.stdout is not None
        while any(self.told.get(route) is not present for route, present in wanted.items()):
            line = self._process.stdout.readline()
            assert line, "it ended"
            route, present = json.loads(line)
            self.told[route] = present

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def cable() -> Iterator[tuple[Namespace, Namespace]]:
    with Namespaces() as namespaces:
        made, other = namespaces.make("node"), namespaces.make("other")
        for name, network in (("lan", "192.0.2"), ("wan", "198.51.100")):
            made.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-end")
            made.run("ip", "link", "set", f"{name}-end", "netns", other.entry[2])
            other.run("ip", "link", "set", f"{name}-end", "up")
            made.run("ip", "address", "add", f"{network}.1/24", "dev", name)
            made.run(
                "ip", "address", "add", f"fd0{len(name)}::{network.count('0') + 1}/64", "dev", name, "nodad"
            )
            made.run("ip", "link", "set", name, "up")
        yield made, other


@pytest.fixture
def node(cable: tuple[Namespace, Namespace]) -> Namespace:
    return cable[0]


def test_routes_come_and_go(node: Namespace) -> None:
    watched = Watched(node, DEFAULT, OVER_WAN, OFFICE, SIX)
    watched.wait_for({DEFAULT: False, OVER_WAN: False, OFFICE: False, SIX: False})
    node.run("ip", "route", "add", "default", "via", "192.0.2.254")
    watched.wait_for({DEFAULT: True})
    assert not watched.told[OVER_WAN], "it leads over another port"
    node.run("ip", "route", "add", "default", "via", "198.51.100.254", "metric", "100")
    watched.wait_for({OVER_WAN: True})
    node.run("ip", "route", "del", "default", "via", "198.51.100.254")
    watched.wait_for({OVER_WAN: False})
    assert watched.told[DEFAULT]
    node.run("ip", "route", "add", OFFICE, "via", "192.0.2.9")
    watched.wait_for({OFFICE: True})
    node.run("ip", "-6", "route", "add", "default", "dev", "wan")
    watched.wait_for({SIX: True})
    node.run("ip", "-6", "route", "del", "default", "dev", "wan")
    watched.wait_for({SIX: False})
    watched.end()


def test_a_way_among_several_counts_and_what_rejects_does_not(node: Namespace) -> None:
    watched = Watched(node, OVER_WAN, OFFICE)
    hops = ("nexthop", "via", "192.0.2.254", "nexthop", "via", "198.51.100.254")
    node.run("ip", "route", "add", "default", *hops)
    watched.wait_for({OVER_WAN: True})
    node.run("ip", "route", "add", "unreachable", OFFICE)
    node.run("ip", "route", "add", "10.7.1.0/24", "via", "192.0.2.9")
    node.run("ip", "route", "add", OFFICE, "via", "192.0.2.9", "table", "77")
    node.run("ip", "route", "del", "default")
    watched.wait_for({OVER_WAN: False, OFFICE: False})
    watched.end()


def test_a_route_over_a_link_without_carrier_or_that_is_down_is_none(
    cable: tuple[Namespace, Namespace],
) -> None:
    node, other = cable
    node.run("ip", "route", "add", "default", "via", "198.51.100.254")
    watched = Watched(node, OVER_WAN)
    watched.wait_for({OVER_WAN: True})
    other.run("ip", "link", "set", "wan-end", "down")
    watched.wait_for({OVER_WAN: False})
    other.run("ip", "link", "set", "wan-end", "up")
    watched.wait_for({OVER_WAN: True})
    node.run("ip", "link", "set", "wan", "down")
    watched.wait_for({OVER_WAN: False})
    node.run("ip", "link", "set", "wan", "up")
    node.run("ip", "route", "replace", "default", "via", "198.51.100.254")
    watched.wait_for({OVER_WAN: True})
    watched.end()


def test_among_many_routes(node: Namespace) -> None:
    """The list takes several messages."""
    many = "".join(
        f"route add 10.{high}.{low}.0/24 via 192.0.2.9\n" for high in range(20, 40) for low in range(250)
    )
    subprocess.run([*node.entry, "ip", "-batch", "-"], input=many, text=True, check=True)
    node.run("ip", "route", "add", OFFICE, "via", "192.0.2.9")
    watched = Watched(node, OFFICE)
    watched.wait_for({OFFICE: True})
    watched.end()


def test_a_pair_moves_to_the_node_that_has_the_route(pair: Pair) -> None:
    nodes = (pair.alpha, pair.beta)
    for each in nodes:
        each.cluster += f'[[tracked_routes]]\ndestination = "{DEFAULT}"\nport = "wan"\npatience = "500ms"\n'
        each.namespace.run("ip", "route", "add", "default", "via", "192.168.175.1")
    pair.start()
    pair.alpha.namespace.run("ip", "route", "del", "default")
    pair.wait_holder(pair.beta)
    pair.alpha.wait_state("backup")
    status = pair.alpha.status()["status"]
    assert status["tracked_routes"] == [
        {"destination": DEFAULT, "port": "wan", "present": False, "failed": True}
    ]
    assert status["score"]["missing_routes"] == 1
    assert "route-missing" in [problem["kind"] for problem in status["problems"]]
    assert f"route to {DEFAULT} over wan: MISSING" in hactl(pair.alpha, "status").stdout
    pair.alpha.namespace.run("ip", "route", "add", "default", "via", "192.168.175.1")
    pair.wait_holder(pair.alpha)
    wait_for("no problem is left", lambda: pair.alpha.status()["status"]["problems"] == [], within=5)
