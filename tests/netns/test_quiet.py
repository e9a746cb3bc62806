"""A node that is quiet about an address holds it, and leads nobody new to itself."""

import subprocess
import sys
from pathlib import Path

from .namespaces import Namespace, Namespaces
from .waiting import wait_for

HELD = ("10.9.0.1", "fd09::1")
OWN = ("10.9.0.9", "fd09::9")

QUIET = """
import sys
from ipaddress import ip_address
from hadaemon.io.kernel.quiet import Quiet
quiet = Quiet()
for line in sys.stdin:
    quiet.set(ip_address(word) for word in line.split())
    print("done", flush=True)
"""


def cable(namespaces: Namespaces) -> tuple[Namespace, Namespace]:
    """A node with held and own addresses, and a neighbour."""
    node, neighbour = namespaces.make("node"), namespaces.make("neighbour")
    node.run("ip", "link", "add", "lan", "type", "veth", "peer", "name", "eth0")
    node.run("ip", "link", "set", "eth0", "netns", neighbour.entry[2])
    for address in (*HELD, *OWN):
        node.run(
            "ip", "address", "add", f"{address}/{64 if ':' in address else 24}", "dev", "lan", *nodad(address)
        )
    node.run("ip", "link", "set", "lan", "up")
    neighbour.run("ip", "link", "set", "eth0", "up")
    for address in ("10.9.0.50/24", "fd09::50/64"):
        neighbour.run("ip", "address", "add", address, "dev", "eth0", *nodad(address))
    return node, neighbour


def nodad(address: str) -> list[str]:
    return ["nodad"] if ":" in address else []


def resolves(neighbour: Namespace, address: str) -> bool:
    """Whether anybody answers for the address."""
    neighbour.run("ip", "neighbour", "flush", "dev", "eth0")
    neighbour.run("python3", "-c", PROBE, address)

    def entry() -> str:
        return neighbour.run("ip", "neighbour", "show", address)

    wait_for("an answer or none", lambda: "lladdr" in entry() or "FAILED" in entry(), within=8)
    return "lladdr" in entry()


PROBE = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (sys.argv[1], 9))
"""


def start_quiet(node: Namespace) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*node.entry, sys.executable, "-P", "-c", QUIET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def tell(process: "subprocess.Popen[str]", *addresses: str) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(" ".join(addresses) + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_it_answers_neither_arp_nor_solicitations_and_for_its_own_addresses_as_ever(tmp_path: Path) -> None:
    with Namespaces() as namespaces:
        node, neighbour = cable(namespaces)
        with start_quiet(node) as process:
            tell(process, *HELD)
            assert [resolves(neighbour, address) for address in HELD] == [False, False]
            assert [resolves(neighbour, address) for address in OWN] == [True, True]
            tell(process)
            assert [resolves(neighbour, address) for address in HELD] == [True, True]
            tell(process, *HELD)
            process.kill()
        assert [resolves(neighbour, address) for address in HELD] == [True, True], "the kernel cleans up"
