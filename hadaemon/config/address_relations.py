"""How two addresses or networks of the book may stand to each other: values of one family, as pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.config.address_book import Entry
from hadaemon.vrrp.model import IPAddress, IPNetwork


@dataclass(frozen=True, slots=True)
class Relation:
    """One of them, and its words."""

    words: str
    """For the manual's table, between the two roles."""
    holds: Callable[[Entry, Entry], bool]
    says: Callable[[Entry, Entry], str]
    """The beginning of a message that is told at the first one's key."""
    same_address: bool = False
    """It holds for equal addresses alone, so that they can be looked up."""
    of_address: bool = False
    """It is about the other one's address, not about its network."""


def within(inner: IPNetwork | None, outer: IPNetwork | None) -> bool:
    """Whether the first network is the second one or a part of it."""
    if inner is None or outer is None or inner.version != outer.version:
        return False
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer


def is_host(network: IPNetwork) -> bool:
    """Whether it is a single address, to which no network is connected."""
    return network.prefixlen == network.max_prefixlen


def is_edge(ip: IPAddress | None, network: IPNetwork | None) -> bool:
    """Whether the address is the first or last of an IPv4 network, which no station has."""
    return (
        isinstance(ip, IPv4Address)
        and network is not None
        and network.prefixlen < 31
        and ip in (network.network_address, network.broadcast_address)
    )


def _overlap(one: Entry, other: Entry) -> bool:
    return within(one.network, other.network) or within(other.network, one.network)


def _wide(*entries: Entry) -> bool:
    return all(each.network is not None and not is_host(each.network) for each in entries)


def _is_local(entry: Entry) -> bool:
    """Link-local IPv6 addresses are of one link: on each port there may be the same."""
    return entry.network is not None and entry.network.version == 6 and entry.network.is_link_local


def _same(one: Entry, other: Entry) -> bool:
    if one.ip is None or one.ip != other.ip:
        return False
    return not (one.ip.version == 6 and one.ip.is_link_local and one.port != other.port)


def _elsewhere(one: Entry, other: Entry) -> bool:
    if one.port == other.port or _is_local(one) or _is_local(other):
        return False
    return _overlap(one, other) and (_wide(one, other) or one.ip == other.ip)


def _other_length(one: Entry, other: Entry) -> bool:
    return (
        one.port == other.port and _wide(one, other) and one.network != other.network and _overlap(one, other)
    )


def _part(one: Entry, other: Entry) -> bool:
    return one.port != other.port and not _is_local(other) and within(one.network, other.network)


def _around(one: Entry, other: Entry) -> bool:
    """Everything is around every network, and spares them all."""
    if one.network is not None and not one.network.prefixlen:
        return False
    return one.port != other.port and one.network != other.network and within(other.network, one.network)


def _inside(one: Entry, other: Entry) -> bool:
    return one.ip is not None and other.network is not None and one.ip in other.network


def _itself(one: Entry, other: Entry) -> bool:
    return one.network is not None and is_host(one.network) and one.network.network_address == other.ip


def _edge(one: Entry, other: Entry) -> bool:
    return is_edge(one.ip, other.network)


def holds(span: Entry, ip: IPAddress | None) -> bool:
    """Whether an IPv4 address is in a range."""
    return isinstance(ip, IPv4Address) and int(span.ip or 0) <= int(ip) <= int(span.last or 0)


def _holds(one: Entry, other: Entry) -> bool:
    return holds(one, other.ip)


def _holds_edge(one: Entry, other: Entry) -> bool:
    found = other.network
    return found is not None and any(
        is_edge(ip, found) and holds(one, ip) for ip in (found.network_address, found.broadcast_address)
    )


def _same_route(one: Entry, other: Entry) -> bool:
    return one.network == other.network and one.metric == other.metric and one.port != other.port


def _same_network(one: Entry, other: Entry) -> bool:
    """Of two peers of tunnels: `follow.wireguard[0].peers[0].allowed[0]` is of the first peer."""
    return one.network == other.network and one.key.rpartition(".")[0] != other.key.rpartition(".")[0]


def _of_other_node(one: Entry, other: Entry) -> bool:
    return one.ip == other.ip and one.node != other.node


def _says_same(one: Entry, other: Entry) -> str:
    return f"{one.ip} is already {other.told}"


SAME = Relation("is the same as", _same, _says_same, same_address=True, of_address=True)
OF_OTHER_NODE = Relation(
    "of another node is the same as", _of_other_node, _says_same, same_address=True, of_address=True
)
ELSEWHERE = Relation(
    "on another port is of a network that overlaps",
    _elsewhere,
    lambda one, other: f"{one} overlaps {other}, {other.told}",
)
OTHER_LENGTH = Relation(
    "on the same port is of a network with another prefix length that overlaps",
    _other_length,
    lambda one, other: f"{one} is on one port with {other}, {other.told}",
)
PART = Relation(
    "is the network, or a part of the network, of",
    _part,
    lambda one, other: f"{one} is of the network of {other}, {other.told}",
)
AROUND = Relation(
    "is around the network of", _around, lambda one, other: f"{one} is around {other}, {other.told}"
)
INSIDE = Relation(
    "is in the network of", _inside, lambda one, other: f"{one} is in the network of {other}, {other.told}"
)
ITSELF = Relation(
    "is a single address, and the same as",
    _itself,
    lambda one, other: f"{one} is already {other}, {other.told}",
)
EDGE = Relation(
    "is the first or last address of the network of",
    _edge,
    lambda one, other: f"{one.ip} is the network or broadcast address of {other.network}, {other.told}",
)
HOLDS = Relation(
    "holds", _holds, lambda one, other: f"holds {other.ip}, which is {other.told}", of_address=True
)
HOLDS_EDGE = Relation(
    "holds the first or last address of the network of",
    _holds_edge,
    lambda one, other: f"holds the network or broadcast address of {other.network}",
)
SAME_ROUTE = Relation(
    "has the network and the metric of",
    _same_route,
    lambda one, other: f"{one.network} is also the network of {other}, {other.told}",
)
SAME_NETWORK = Relation(
    "of another peer is the same as",
    _same_network,
    lambda one, other: f"{one.network} is already {other.told}",
)
