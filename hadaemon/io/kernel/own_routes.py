"""The routes and rules of routing that the daemon keeps: what has its mark is made exactly what is wanted.

Routes and rules of others are not touched. Listing takes its time with large tables: for a thread.
"""

import errno
import socket
import struct
from collections.abc import Collection, Iterator
from ipaddress import ip_address, ip_network
from typing import TypeVar

from hadaemon.config.network_model import RouteKind
from hadaemon.follow.routing import KernelRoute, KernelRule
from hadaemon.io.errors import NetlinkError
from hadaemon.io.kernel.attributes import attribute, attributes
from hadaemon.io.kernel.netlink_socket import ACK, CREATE, DUMP, EXCLUSIVE, HEADER, NetlinkSocket

T = TypeVar("T")

_OURS = 0x48
"""The protocol that the kernel keeps with a route and with a rule: who has put it there."""
_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_NEW_RULE, _DELETE_RULE, _GET_RULE = 32, 33, 34
_HEAD = struct.Struct("=BBBBBBBBI")
"""rtmsg: family, length of the destination, of the source, TOS, table, protocol, scope, type, flags. And
fib_rule_hdr, where the protocol's place and the next one are reserved."""
_DESTINATION, _INTERFACE, _GATEWAY, _METRIC, _SOURCE, _TABLE = 1, 4, 5, 6, 7, 15
_RULE_SOURCE, _RULE_INTERFACE, _PRIORITY, _MARK, _SUPPRESS, _MASK, _PROTOCOL = 2, 3, 6, 10, 14, 16, 21
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_VERSIONS = {family: version for version, family in _FAMILIES.items()}
_KINDS = {RouteKind.UNICAST: 1, RouteKind.BLACKHOLE: 6, RouteKind.UNREACHABLE: 7, RouteKind.PROHIBIT: 8}
_KIND_OF = {number: kind for kind, number in _KINDS.items()}
_LINK, _UNIVERSE = 253, 0
"""Scopes: there at once, or behind a gateway."""
_ON_LINK = 0x4
_TO_TABLE = 1
_ALL_BITS = 0xFFFFFFFF
_GONE = (errno.ESRCH, errno.ENOENT)
_LACKING = (errno.EAFNOSUPPORT, errno.EOPNOTSUPP)
"""A kernel without a family has none of its routes."""


def put_routing(routes: Collection[KernelRoute], rules: Collection[KernelRule]) -> tuple[str, ...]:
    """Makes it so, and tells what could not be done. What stays is not touched. Raises NetlinkError where the
    kernel does not tell what there is."""
    failures: list[str] = []
    with NetlinkSocket(socket.NETLINK_ROUTE) as netlink:
        has_routes, has_rules = set(_routes(netlink)), set(_rules(netlink))
        for body in map(_rule_body, _sorted(has_rules - set(rules))):
            _attempt(failures, netlink, "remove a rule of routing", _DELETE_RULE, ACK, body, _GONE)
        for route in _sorted(has_routes - set(routes)):
            _attempt(failures, netlink, f"remove {route}", _DELETE_ROUTE, ACK, _route_body(route), _GONE)
        new = ACK | CREATE | EXCLUSIVE
        for route in _sorted(set(routes) - has_routes):
            _attempt(failures, netlink, f"add {route}", _NEW_ROUTE, new, _route_body(route))
        for rule in _sorted(set(rules) - has_rules):
            _attempt(failures, netlink, f"add {rule}", _NEW_RULE, new, _rule_body(rule))
    return tuple(failures)


def _sorted(items: Collection[T]) -> list[T]:
    return sorted(items, key=repr)


def _attempt(
    failures: list[str],
    netlink: NetlinkSocket,
    what: str,
    kind: int,
    flags: int,
    body: bytes,
    harmless: tuple[int, ...] = (),
) -> None:
    try:
        netlink.ask(what, kind, flags, body)
    except NetlinkError as error:
        if error.code not in harmless:
            failures.append(str(error))


def _list(netlink: NetlinkSocket, what: str, kind: int) -> Iterator[bytes]:
    for family in _FAMILIES.values():
        try:
            answers = netlink.ask(f"list {what}", kind, DUMP, _HEAD.pack(family, *[0] * 8))
        except NetlinkError as error:
            if error.code not in _LACKING:
                raise
            continue
        yield from (message[HEADER.size :] for _, message in answers)


def _route_body(route: KernelRoute) -> bytes:
    scope = _LINK if route.interface and route.gateway is None and route.destination.version == 4 else 0
    head = _HEAD.pack(
        _FAMILIES[route.destination.version],
        route.destination.prefixlen,
        0,
        0,
        route.table,
        _OURS,
        scope,
        _KINDS[route.kind],
        _ON_LINK if route.on_link else 0,
    )
    found = attribute(_DESTINATION, route.destination.network_address.packed) + _number(_TABLE, route.table)
    found += _number(_METRIC, route.metric) if route.metric else b""
    found += _number(_INTERFACE, route.interface) if route.interface else b""
    for kind, address in ((_GATEWAY, route.gateway), (_SOURCE, route.source)):
        found += b"" if address is None else attribute(kind, address.packed)
    return head + found


def _routes(netlink: NetlinkSocket) -> Iterator[KernelRoute]:
    """Those with our mark."""
    for body in _list(netlink, "routes", _GET_ROUTE):
        family, length, _, _, _, protocol, _, kind, flags = _HEAD.unpack_from(body)
        if protocol != _OURS or kind not in _KIND_OF or family not in _VERSIONS:
            continue
        found = attributes(body[_HEAD.size :])
        everything = bytes(4 if family == socket.AF_INET else 16)
        leads = _KIND_OF[kind] is RouteKind.UNICAST
        yield KernelRoute(
            ip_network((found.get(_DESTINATION, everything), length)),
            _KIND_OF[kind],
            _value(found, _TABLE),
            _value(found, _METRIC),
            _value(found, _INTERFACE) if leads else 0,
            ip_address(found[_GATEWAY]) if _GATEWAY in found else None,
            ip_address(found[_SOURCE]) if _SOURCE in found else None,
            bool(flags & _ON_LINK),
        )


def _rule_body(rule: KernelRule) -> bytes:
    length = 0 if rule.source is None else rule.source.prefixlen
    head = _HEAD.pack(_FAMILIES[rule.version], 0, length, 0, rule.table, 0, 0, _TO_TABLE, 0)
    found = _number(_PRIORITY, rule.priority) + _number(_TABLE, rule.table)
    found += attribute(_PROTOCOL, bytes([_OURS]))
    if rule.source is not None:
        found += attribute(_RULE_SOURCE, rule.source.network_address.packed)
    if rule.interface is not None:
        found += attribute(_RULE_INTERFACE, rule.interface.encode() + b"\0")
    if rule.mark is not None:
        found += _number(_MARK, rule.mark) + _number(_MASK, _ALL_BITS)
    if rule.narrow:
        found += _number(_SUPPRESS, 0)
    return head + found


def _rules(netlink: NetlinkSocket) -> Iterator[KernelRule]:
    """Those with our mark."""
    for body in _list(netlink, "rules of routing", _GET_RULE):
        family, _, length, *_ = _HEAD.unpack_from(body)
        found = attributes(body[_HEAD.size :])
        if found.get(_PROTOCOL) != bytes([_OURS]) or family not in _VERSIONS:
            continue
        name = found.get(_RULE_INTERFACE)
        yield KernelRule(
            _VERSIONS[family],
            _value(found, _PRIORITY),
            _value(found, _TABLE),
            ip_network((found[_RULE_SOURCE], length)) if _RULE_SOURCE in found else None,
            name.rstrip(b"\0").decode() if name is not None else None,
            _value(found, _MARK) if _MARK in found else None,
            narrow=found.get(_SUPPRESS) == bytes(4),
        )


def _number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def _value(found: dict[int, bytes], kind: int) -> int:
    return int(struct.unpack("=I", found[kind])[0]) if kind in found else 0
