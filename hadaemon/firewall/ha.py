"""What may come in of VRRP: advertisements for this node, from neighbours, and not more than there can be.

It is the outer of two sieves: the daemon's sockets have a filter too. What passes both, the daemon judges.
"""

import math
from collections.abc import Iterator

from hadaemon.config.model import ClusterConfig, HaInterface, NodeConfig
from hadaemon.firewall.text import block, comment, ip, port_set
from hadaemon.vrrp.model import IPV4_GROUP, IPV6_GROUP, SECOND, TTL, Centiseconds

_PER_INTERVAL = 4
"""Packets of one sender for one virtual router, for which it has room of its own: it advertises once, and
speaks out of turn at each change."""
_LEAST = 40
"""Packets a second, whatever our interval is. While the interval is changed, the other node may have the
shortest one, 10 ms, at which three of its packets in a row must not be lost."""
_MORE_PER_INTERVAL, _MORE_AT_LEAST = 8, 80
"""Beyond that, for all senders on a port together: while two nodes believe to be the better one, each answers
the other up to ten times an interval. One sender alone has room for the shortest interval in any case."""
_SENDERS_PER_PORT = 8
"""Of each family, that are told apart on a port without `peers`: the other node, and whoever else uses the
same VRID. When there are more, who is new has only what all share, until one of them has been silent for a
minute; who was heard before still is. Each port has its own: a flood in one network takes no other's."""
_FOREIGN = "limit rate 16/second burst 16 packets"
"""Of other virtual routers on each port, and of ours where it is from none of the `peers`: enough for the
daemon to notice and to count them."""
_GROUPS = {4: IPV4_GROUP, 6: IPV6_GROUP}
_KINDS = {4: "ipv4_addr", 6: "ipv6_addr"}
_HOPS = {4: "ip ttl", 6: "ip6 hoplimit"}


def ha_sets(cluster: ClusterConfig | None) -> list[str]:
    """Who has sent how much for our virtual routers, port by port. Peers by unicast need no place in a set:
    their addresses are known."""
    lines = []
    for interface in () if cluster is None else cluster.ha_interfaces:
        for family in () if interface.peers else interface.families:
            key, size = f"type {_KINDS[family]}", f"size {_SENDERS_PER_PORT}"
            head = f"set {_senders(interface, family)}"
            lines += block(head, key, size, "flags dynamic, timeout", "timeout 1m")
    return lines


def ha_chain(node: NodeConfig, cluster: ClusterConfig | None) -> list[str]:
    """The chain `ha`, by which all VRRP goes that is for the node. What came through a router, which anybody
    can send from anywhere, is the first to go: nothing else is asked of it."""
    astray = comment("VRRP that came through a router")
    return block(
        "chain ha",
        *(f"{hops} != {TTL} counter drop {astray}" for hops in _HOPS.values()),
        *(() if cluster is None else _accepted(node, cluster)),
        "counter drop",
    )


def _accepted(node: NodeConfig, cluster: ClusterConfig) -> Iterator[str]:
    """Ours first: whatever else comes, there is room for them."""
    ways = [(each, family) for each in cluster.ha_interfaces for family in each.families]
    ours: dict[tuple[str, int], list[str]] = {}
    for interface, family in ways:
        ours.setdefault((interface.port, family), []).append(str(interface.vrid))
    for interface, family in ways:
        way = f"{_way(node, interface, family)} @th,8,8 {interface.vrid}"
        for room in _rooms(node, interface, family, cluster.interval_of(interface)):
            yield f"{way} {room} accept {comment('the daemon judges them')}"
    firsts = {(interface.port, family): interface for interface, family in reversed(ways)}
    for (port, family), vrids in ours.items():
        interface = firsts[port, family]
        way = _way(node, interface, family)
        known = f"{{ {', '.join(vrids)} }}" if len(vrids) > 1 else vrids[0]
        others = way if interface.peers else f"{way} @th,8,8 != {known}"
        yield f"{others} {_FOREIGN} accept {comment('the daemon counts foreign routers')}"


def _rooms(node: NodeConfig, interface: HaInterface, family: int, interval: Centiseconds) -> Iterator[str]:
    """Each peer that is named has all the room for itself, and nobody else has any. Else each sender has
    some, for as many as there are places, and all share the rest."""
    own = max(_LEAST, _a_second(_PER_INTERVAL, interval))
    more = max(_MORE_AT_LEAST, _a_second(_MORE_PER_INTERVAL, interval))
    source = f"{ip(family)} saddr"
    for name, address in interface.peers.items():
        if name != node.name:
            yield f"{source} {address} {_limit(own + more)}"
    if not interface.peers:
        yield f"update @{_senders(interface, family)} {{ {source} {_limit(own)} }}"
        yield _limit(more)


def _way(node: NodeConfig, interface: HaInterface, family: int) -> str:
    """What an advertisement for an HA interface looks like from outside."""
    destination = interface.peers.get(node.name, _GROUPS[family])
    return f"iifname @{port_set(interface.port)} {_HOPS[family]} {TTL} {ip(family)} daddr {destination}"


def _senders(interface: HaInterface, family: int) -> str:
    return f"senders{family}_{interface.address_port}"


def _a_second(packets: int, interval: Centiseconds) -> int:
    return math.ceil(packets * SECOND / interval)


def _limit(rate: int) -> str:
    """So many packets a second; as many as in a quarter of one may come in a row."""
    return f"limit rate {rate}/second burst {math.ceil(rate / 4)} packets"
