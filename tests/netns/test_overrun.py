"""Links that change faster than the daemon reads: what it knows afterwards is what the kernel has."""

import json
import subprocess
import sys

from .namespaces import Namespace, Namespaces
from .waiting import wait_for

FOLLOW = """
import asyncio, json, socket, sys
from hadaemon.runtime.network import Network

async def main():
    network = Network(asyncio.get_running_loop(), lambda: None)
    network._netlink._monitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    print("following", flush=True)
    sys.stdin.readline()  # The loop stands still meanwhile.
    await asyncio.sleep(0.5)
    print(json.dumps({link.name: link.carrier for link in network.table.links()}), flush=True)
    network.close()

asyncio.run(main())
"""
PORTS = 64


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
