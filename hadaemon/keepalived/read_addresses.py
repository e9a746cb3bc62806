"""virtual_ipaddress, static_ipaddress and routes: a line for each."""

from collections.abc import Iterator

from hadaemon.config.network_model import RouteKind
from hadaemon.keepalived import words
from hadaemon.keepalived.model import Address, StaticRoute
from hadaemon.keepalived.report import Findings
from hadaemon.keepalived.tree import Statement
from hadaemon.keepalived.values import address, interface_address, network

_KINDS = {str(kind): kind for kind in RouteKind}
_TYPES = ("throw", "multicast", "local", "broadcast")
_TODO = "write it as a static route of both nodes, [[routes]], if it can be one"


def read_addresses(block: Statement, findings: Findings) -> Iterator[Address]:
    """Raises nothing: what is no address is told as wrong."""
    for each in block.within:
        value = interface_address(each.keyword, each, findings)
        device = _options(each, findings)
        if value is not None:
            yield Address(value, device, each.place)


def _options(each: Statement, findings: Findings) -> str:
    """The device; the other options are told."""
    device, dropped, rest = "", list[str](), list(each.words[1:])
    while rest:
        word = rest.pop(0)
        if word == "dev":
            device = rest.pop(0) if rest else ""
        else:
            dropped.append(word)
            del rest[: words.OF_OPTIONS.get(word, 0)]
    if dropped:
        names = ", ".join(dict.fromkeys(dropped))
        findings.lost(
            each.place,
            f"options of addresses ({names}): the broadcast address follows from the prefix length, and "
            "nobody needs labels",
        )
    return device


def read_routes(block: Statement, findings: Findings) -> Iterator[StaticRoute]:
    """Routes that are a destination, a gateway or a device or nothing, and a metric; all others are told."""
    for each in block.within:
        route = _route(each, findings)
        if route is not None:
            yield route


def _route(each: Statement, findings: Findings) -> StaticRoute | None:
    rest = list(each.words)
    found: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        if word in ("via", "gw", "dev", "metric", "priority", "src", "to") and rest:
            key = {"gw": "via", "priority": "metric"}.get(word, word)
            value = rest.pop(0)
            found[key] = rest.pop(0) if value in ("inet", "inet6") and rest else value
        elif word in ("no_track", "onlink"):
            continue
        elif word in _KINDS:
            found["type"] = word
        elif "to" not in found and word not in _TYPES and network(word) is not None:
            found["to"] = word
        else:
            findings.lost(each.place, f"a route with {word}: there are none of this kind", _TODO)
            return None
    return _simple(each, found, findings)


def _simple(each: Statement, found: dict[str, str], findings: Findings) -> StaticRoute | None:
    destination = network(found.get("to", ""))
    metric = found.get("metric", "")
    if destination is None or not (metric == "" or (metric.isascii() and metric.isdecimal())):
        findings.refuse(
            each.place, f"{' '.join(each.words)}: is no route: write e.g. 10.0.0.0/8 via 192.0.2.1"
        )
        return None
    gateway = address(found["via"], each, findings) if "via" in found else None
    if "via" in found and gateway is None:
        return None
    if gateway is not None and gateway.version != destination.version:
        if destination.prefixlen:
            findings.refuse(each.place, f"{destination} and {gateway} are of two families: write one of them")
            return None
        destination = network("::/0") or destination
    if "src" in found:
        findings.changed(
            each.place,
            "routes have no source of their own: what the node itself sends comes from its own address",
            "give what needs the virtual address as its source `source` in [[follow.services]]",
        )
    return StaticRoute(
        destination,
        gateway,
        found.get("dev", ""),
        min(int(metric), 2**32 - 1) if metric else None,
        each.place,
        _KINDS[found.get("type", RouteKind.UNICAST)],
    )
