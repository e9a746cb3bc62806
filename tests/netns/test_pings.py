"""The ping prober against hosts that answer, that do not, and that are not there; as the daemon runs it."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .namespaces import Namespace, Namespaces
from .waiting import wait_for

ASK = """
import asyncio, json, sys
from ipaddress import ip_address
from hadaemon.config import PingGroup
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.pings import Pings

async def main(port, *hosts):
    loop = asyncio.get_running_loop()
    network = Network(loop, lambda: None)
    group = PingGroup("routers", tuple(map(ip_address, hosts)), port or None, interval=0.1, timeout=0.05)
    told = lambda result: print(json.dumps([str(result.host), result.answered]), flush=True)
    find = lambda name: next((link for link in network.table.links() if link.name == name), None)
    pings = Pings([group], find, loop, told)
    pings.start()
    await loop.run_in_executor(None, sys.stdin.read)
    pings.close()
    await network.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def cable() -> Iterator[tuple[Namespace, Namespace]]:
    with Namespaces() as namespaces:
        node, router = namespaces.make("node"), namespaces.make("router")
        node.run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "eth0")
        node.run("ip", "link", "set", "eth0", "netns", router.entry[2])
        for namespace, interface, last in ((node, "lan", 1), (router, "eth0", 2)):
            namespace.run("ip", "address", "add", f"10.9.0.{last}/24", "dev", interface)
            namespace.run("ip", "address", "add", f"fd09::{last}/64", "dev", interface, "nodad")
            namespace.run("ip", "link", "set", interface, "up")
        yield node, router


class Asked:
    """The results of a prober that runs in a namespace, per host."""

    def __init__(self, namespace: Namespace, port: str, *hosts: str) -> None:
        self._process = subprocess.Popen(
            [*namespace.entry, sys.executable, "-P", "-X", "dev", "-c", ASK, port, *hosts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, wanted: dict[str, bool]) -> None:
        """Waits until each host's last result is this."""
        assert self._process.stdout is not None
        last: dict[str, bool] = {}

        def settled() -> bool:
            assert self._process.stdout is not None
            host, answered = json.loads(self._process.stdout.readline())
            last[host] = answered
            return last == wanted

        wait_for(f"{wanted}", settled, within=5)

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.mark.parametrize("port", ["lan", ""])
def test_each_host_is_asked_in_its_family(cable: tuple[Namespace, Namespace], port: str) -> None:
    node, router = cable
    asked = Asked(node, port, "10.9.0.2", "fd09::2", "10.9.0.7", "fd09::7")
    silent = {"10.9.0.7": False, "fd09::7": False}
    asked.wait_for({"10.9.0.2": True, "fd09::2": True} | silent)
    router.run("ip", "link", "set", "eth0", "down")
    asked.wait_for({"10.9.0.2": False, "fd09::2": False} | silent)
    router.run("ip", "link", "set", "eth0", "up")
    router.run("ip", "address", "replace", "fd09::2/64", "dev", "eth0", "nodad")
    asked.wait_for({"10.9.0.2": True, "fd09::2": True} | silent)
    asked.end()


def test_a_host_that_another_port_reaches_does_not_count(cable: tuple[Namespace, Namespace]) -> None:
    node, router = cable
    node.run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "eth1")
    node.run("ip", "link", "set", "eth1", "netns", router.entry[2])
    for namespace, interface in ((node, "wan"), (router, "eth1")):
        namespace.run("ip", "link", "set", interface, "up")
    by_wan, by_lan = Asked(node, "wan", "10.9.0.2"), Asked(node, "lan", "10.9.0.2")
    by_lan.wait_for({"10.9.0.2": True})
    by_wan.wait_for({"10.9.0.2": False})
    by_lan.end()
    by_wan.end()


def test_a_port_that_is_made_anew_is_followed(cable: tuple[Namespace, Namespace]) -> None:
    node, router = cable
    asked = Asked(node, "lan", "10.9.0.2")
    asked.wait_for({"10.9.0.2": True})
    node.run("ip", "link", "delete", "lan")
    asked.wait_for({"10.9.0.2": False})
    node.run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "eth0")
    node.run("ip", "link", "set", "eth0", "netns", router.entry[2])
    for namespace, interface, last in ((node, "lan", 1), (router, "eth0", 2)):
        namespace.run("ip", "address", "add", f"10.9.0.{last}/24", "dev", interface)
        namespace.run("ip", "link", "set", interface, "up")
    asked.wait_for({"10.9.0.2": True})
    asked.end()
