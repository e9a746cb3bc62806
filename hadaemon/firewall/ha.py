"""What may come in of VRRP: advertisements for this node, from neighbours, and not more than there can be.

It is the outer of two sieves: the daemon's sockets have a filter too. What passes both, the daemon judges.
"""

import math
from collections.abc import Iterator

from hadaemon.config.model import ClusterConfig, HaInterface, NodeConfig
from hadaemon.firewall.text import block, comment, ip, port_set
from hadaemon.vrrp.model import IPV4_GROUP, IPV6_GROUP, TTL, Centiseconds

_PER_INTERVAL = 16
"""Packets of one sender for one virtual router: it advertises once, answers up to ten times while two believe
to be the better one, and speaks out of turn at each change."""
_LEAST = 200
"""Packets a second, whatever our interval is: twice what a node sends that has the shortest one, 10 ms. While
the interval is changed, the other node has another one than ours."""
_SENDERS_PER_PORT = 8
"""Of each family, that are told apart: the other node, and whoever else uses the same VRID. When there are
more, nobody new is heard until one of them has been silent for a minute; who was heard before still is."""
_FOREIGN = "limit rate 16/second burst 16 packets"
"""Of other virtual routers, on each port: enough for the daemon to notice and to count them."""
_GROUPS = {4: IPV4_GROUP, 6: IPV6_GROUP}
_KINDS = {4: "ipv4_addr", 6: "ipv6_addr"}
_HOPS = {4: "ip ttl", 6: "ip6 hoplimit"}


def ha_sets(cluster: ClusterConfig | None) -> list[str]:
    """Who has sent how much for our virtual routers, by port."""
    if cluster is None:
        return []
    size = f"size {_SENDERS_PER_PORT * len(cluster.ha_interfaces)}"
    lines = []
    for family, kind in _KINDS.items():
        key = f"type ifname . {kind}"
        lines += block(f"set senders{family}", key, size, "flags dynamic, timeout", "timeout 1m")
    return lines


def ha_chain(node: NodeConfig, cluster: ClusterConfig | None) -> list[str]:
    """The chain `ha`, by which all VRRP goes that is for the node."""
    astray = comment("VRRP that came through a router")
    return block(
        "chain ha",
        *(() if cluster is None else _accepted(node, cluster)),
        *(f"{hops} != {TTL} counter drop {astray}" for hops in _HOPS.values()),
        "counter drop",
    )


def _accepted(node: NodeConfig, cluster: ClusterConfig) -> Iterator[str]:
    """Ours first: whatever else comes, there is room for them."""
    rate = _rate(cluster.vrrp.advertisement_interval)
    ways = [way for each in cluster.ha_interfaces for way in _ways(node, each)]
    for vrid, family, way in ways:
        ours = f"update @senders{family} {{ iifname . {ip(family)} saddr {rate} }}"
        yield f"{way} @th,8,8 {vrid} {ours} accept {comment('the daemon judges them')}"
    for _, _, way in ways:
        yield f"{way} {_FOREIGN} accept {comment('the daemon counts foreign routers')}"


def _ways(node: NodeConfig, interface: HaInterface) -> Iterator[tuple[int, int, str]]:
    """VRID, family, and what an advertisement for an HA interface looks like from outside."""
    own = interface.peers.get(node.name)
    for family in interface.families:
        destination = _GROUPS[family] if own is None else own
        way = f"iifname @{port_set(interface.port)} {_HOPS[family]} {TTL} {ip(family)} daddr {destination}"
        yield interface.vrid, family, way


def _rate(interval: Centiseconds) -> str:
    """Of each sender. As many as in a second may come in a row."""
    packets = max(_LEAST, math.ceil(_PER_INTERVAL * 100 / interval))
    return f"limit rate {packets}/second burst {packets} packets"
