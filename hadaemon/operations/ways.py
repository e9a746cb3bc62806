"""Do the ways out work: gateway, names, the internet, and the address that the pair has there?

Asked of the kernel and of the network itself, with the programs that an administrator would use. Each answer
is a finding; nothing here fails because of what it finds.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from hadaemon.io.programs.run import ProgramError, run_program
from hadaemon.io.store.files import read_text
from hadaemon.status.node import NodeStatus
from hadaemon.status.states import NodeState
from hadaemon.status.status import Status
from hadaemon.text.reading import read_json

NAME = "example.com"
"""Looked up and pinged where nobody says another name: it is there for such purposes (RFC 2606)."""
_RESOLV = Path("/etc/resolv.conf")
_SECONDS = 2
"""For an answer to a ping."""
_PINGS = 3
_LOOKUP = 8.0
_AVERAGE = re.compile(r"= [\d.]+/([\d.]+)/")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried."""

    node: str
    what: str
    good: bool | None
    """None: there is nothing to try here, as the text says."""
    text: str


def try_ways(status: Status, name: str) -> tuple[Finding, ...]:
    """Those of this node. `name` is looked up and pinged. Takes some seconds at most."""
    node = status.status
    with ThreadPoolExecutor(4) as pool:
        gateways = pool.submit(lambda: tuple(_gateways(node)))
        servers = pool.submit(lambda: tuple(_servers(node.node)))
        target, found = _lookup(node.node, name)
        outside = tuple(_outside(status, name, target)) if target else ()
        return (*gateways.result(), *servers.result(), found, *outside)


def pair_finding(status: Status) -> Finding:
    """Would a takeover work?"""
    verdict = status.verdict
    if verdict is None:
        return Finding(status.status.node, "the pair", None, "this node stands alone")
    return Finding(status.status.node, "the pair", not verdict.reasons, str(verdict))


def peer_not_asked(why: str) -> Finding:
    """What the other node finds is not known."""
    return Finding("the other node", "its answer", False, f"it cannot be asked: {why}")


def _gateways(node: NodeStatus) -> Iterator[Finding]:
    routes = _default_routes()
    if not routes and node.state is NodeState.BACKUP:
        yield Finding(node.node, "gateway", None, "no default route: it comes with the active node")
    elif not routes:
        yield Finding(node.node, "gateway", False, "there is no default route: set a gateway (`hactl menu`)")
    for route in routes:
        gateway, port = route.get("gateway"), route.get("dev", "")
        if gateway is None:
            yield Finding(node.node, "gateway", True, f"everything goes out by {port}")
        else:
            yield _pinged(node.node, f"gateway {gateway}", (str(gateway),))


def _default_routes() -> list[dict[str, Any]]:
    try:
        found = read_json(run_program("ip", "-json", "-4", "route", "show", "default", timeout=_LOOKUP))
    except (ProgramError, ValueError):
        return []
    return [route for route in found if isinstance(route, dict)]


def _servers(node: str) -> Iterator[Finding]:
    servers = re.findall(r"^nameserver\s+(\S+)", read_text(_RESOLV) or "", re.MULTILINE)
    if not servers:
        yield Finding(node, "name servers", None, "none is configured")
    for server in servers:
        if not ip_address(server).is_loopback:
            yield _pinged(node, f"name server {server}", (server,), needed=False)


def _lookup(node: str, name: str) -> tuple[str, Finding]:
    """An address of it, empty if there is none."""
    try:
        found = run_program("getent", "ahostsv4", name, timeout=_LOOKUP).split()
    except ProgramError:
        return "", Finding(node, f"name {name}", False, "it cannot be looked up: see [dns]")
    return found[0], Finding(node, f"name {name}", True, found[0])


def _outside(status: Status, name: str, target: str) -> Iterator[Finding]:
    """From the node itself, and with the address that connections of the inside get."""
    node = status.status.node
    yield _pinged(node, f"ping {name}", (target,))
    for address in _shared(status):
        yield _pinged(node, f"ping {name} as {address}", ("-I", address, target))


def _shared(status: Status) -> list[str]:
    """The virtual IPv4 addresses of the active node on the ports that lead out."""
    if status.status.state is not NodeState.ACTIVE:
        return []
    interfaces = {route.get("dev") for route in _default_routes()}
    ports = {port.port for port in status.ports if port.interface in interfaces}
    return [
        address.partition("/")[0]
        for interface in status.status.interfaces
        if interface.address_port in ports and interface.held
        for address in interface.virtual_addresses
        if "." in address
    ]


def _pinged(node: str, what: str, arguments: Sequence[str], needed: bool = True) -> Finding:
    """`needed`: no answer is a fault; else it may just not answer pings."""
    command = ("ping", "-n", "-q", "-c", str(_PINGS), "-i", "0.3", "-W", str(_SECONDS), *arguments)
    try:
        said = run_program(*command, timeout=_LOOKUP)
    except ProgramError as error:
        why = "no answer" if error.status == 1 else str(error)
        return Finding(node, what, False if needed else None, why if needed else f"{why} to pings")
    took = _AVERAGE.search(said)
    return Finding(node, what, True, f"answers in {took[1]} ms" if took else "answers")
