"""Links that change faster than the daemon reads: what it knows afterwards is what the kernel has."""

import json
import signal
import subprocess
import sys

import pytest

from .namespaces import Namespace, Namespaces
from .pair import Pair, TestNode
from .waiting import wait_for

FOLLOW = """
import asyncio, json, socket, sys
from hadaemon.daemon.ports.network import Network

async def main():
    network = Network(asyncio.get_running_loop(), lambda: None)
    network._netlink._monitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    print("following", flush=True)
    sys.stdin.readline()  # The loop stands still meanwhile.
    await asyncio.sleep(0.5)
    print(json.dumps({link.name: link.carrier for link in network.table.links()}), flush=True)
    await network.close()

asyncio.run(main())
"""
PORTS = 64
CHANGES = 8_000
"""Of a link that is no port: more messages than the daemon's buffer has room for."""
SOON = 3.0
"""Seconds: before the daemon looks at all links again by itself, because some time has gone by."""


def set_all(node: Namespace, state: str) -> None:
    """Takes the far end of every cable up or down."""
    lines = "".join(f"link set far{number} {state}\n" for number in range(PORTS))
    node.run("ip", "-batch", "-", stdin=lines)


def carriers(node: Namespace) -> dict[str, bool]:
    """As the kernel has them."""
    found = json.loads(node.run("ip", "-json", "link"))
    return {link["ifname"]: {"UP", "LOWER_UP"} <= set(link["flags"]) for link in found}


def all_carriers_are(node: Namespace, up: bool) -> bool:
    found = carriers(node)
    return all(found[f"port{number}"] == up for number in range(PORTS))


def test_after_lost_messages_the_table_is_what_the_kernel_has() -> None:
    with Namespaces() as namespaces:
        node = namespaces.make("node")
        pairs = "".join(f"link add port{i} up type veth peer name far{i}\n" for i in range(PORTS))
        node.run("ip", "-batch", "-", stdin=pairs)
        set_all(node, "up")
        wait_for("all have a carrier", lambda: all_carriers_are(node, up=True), within=10)
        with subprocess.Popen(
            [*node.entry, sys.executable, "-P", "-c", FOLLOW],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as follower:
            assert follower.stdout is not None
            assert follower.stdout.readline() == "following\n"
            for state in ("down", "up"):
                set_all(node, state)
                wait_for(f"all are {state}", lambda up=state == "up": all_carriers_are(node, up), within=10)
            told, log = follower.communicate("go on\n", timeout=60)
        assert "netlink messages were lost" in log, "the test did not test anything"
        assert json.loads(told) == carriers(node)


@pytest.mark.parametrize("carrier", [False, True])
def test_a_daemon_that_lost_messages_knows_its_ports(pair: Pair, carrier: bool) -> None:
    """While it stands still, a port's cable is pulled and plugged in; that is in its queue. The last change
    is not: there is no room any more."""
    pair.start()
    beta = pair.beta
    beta.namespace.run("ip", "link", "add", "noise", "type", "veth", "peer", "name", "far")
    first, last = (beta.pull, beta.plug) if carrier else (beta.plug, beta.pull)
    beta.signal(signal.SIGSTOP)
    for change in (last, first):
        change("lan")
    make_noise(beta.namespace)
    last("lan")
    beta.signal(signal.SIGCONT)
    wait_for("it knows the port", lambda: carrier_of(beta, "lan") == [carrier], SOON)
    assert "netlink messages were lost" in beta.log.read_text(), "the test did not test anything"
    pair.wait_holder(pair.alpha)
    beta.plug("lan")
    beta.wait_state("backup")


def make_noise(node: Namespace) -> None:
    lines = "".join(f"link set noise txqueuelen {1000 + number % 2}\n" for number in range(CHANGES))
    node.run("ip", "-batch", "-", stdin=lines)


def carrier_of(node: TestNode, port: str) -> list[bool]:
    """As the daemon tells; empty while it does not."""
    return [each["carrier"] for each in node.status().get("ports", ()) if each["port"] == port]
