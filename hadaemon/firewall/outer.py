"""The outer ports, and what comes in at them for an address of another port.

To the kernel each address is the node's, wherever a packet for it comes in: from outside, the address of the
LAN would answer. Between ports inside that is how the node is managed from another network.
"""

from collections.abc import Collection

from hadaemon.config.firewall_model import Firewall, Verdict
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.network_model import Route, RouteKind, While
from hadaemon.config.objects_model import items_of
from hadaemon.config.system_pair import port_of
from hadaemon.firewall.policy import rule_lines
from hadaemon.firewall.text import block, comment, ip, joined, limited_log, listed, port_set

ASTRAY = "iifname @outer fib daddr type local fib daddr . iif type != local jump elsewhere"
"""An address of the node's that the interface does not have."""


def outer_ports(node: NodeConfig, cluster: ClusterConfig | None) -> tuple[str, ...]:
    """Where the rest of the world is: what a default route leaves by, what gets its address there, and where
    forwarded packets get another source."""
    return tuple(sorted(ways_out(node, cluster, (None, *While))))


def ways_out(
    node: NodeConfig, cluster: ClusterConfig | None, phases: Collection[While | None]
) -> frozenset[str]:
    """The same, by default routes that exist in these phases; None: always."""
    system = node.system.over(cluster.system) if cluster is not None else node.system
    ways = (
        port_of(node, route)
        for route in system.routes
        if not route.destination.prefixlen and _leads(route) and route.exists_while in phases
    )
    found = {port.name for port in ways if port is not None}
    found |= {port.name for port in node.ports.values() if port.dhcp}
    if cluster is not None:
        firewall = cluster.firewall
        found |= {dial_in.name for dial_in in cluster.follow.pppoe}
        for nat in firewall.source_nat:
            found |= set() if nat.exempt else firewall.ports(nat.targets) - firewall.ports(nat.sources)
    return frozenset(found)


def _leads(route: Route) -> bool:
    return route.kind is RouteKind.UNICAST and route.table is None


def elsewhere_chain(node: NodeConfig, cluster: ClusterConfig | None, firewall: Firewall) -> list[str]:
    """What your own chain lets in, and rules that name the address; and what a port forward has led there."""
    dropped = [limited_log(firewall.log_dropped, "hotspare dropped in")] if firewall.log_dropped else []
    return block(
        "chain elsewhere",
        "ct status dnat return",
        *_seats(node, cluster),
        "meta l4proto tcp tcp flags & (fin | syn | rst | ack) != syn jump broken",
        "jump user_input",
        *(
            line
            for position, rule in enumerate(firewall.rules)
            if rule.to_node and (rule.verdict is not Verdict.ALLOW or items_of(rule.destination))
            for line in rule_lines(firewall, rule, f"rules[{position}]")
        ),
        *dropped,
        f"counter drop {comment('addresses of other ports do not answer on an outer one')}",
    )


def _seats(node: NodeConfig, cluster: ClusterConfig | None) -> list[str]:
    """With virtual MAC addresses a port has several interfaces, each of its addresses on one of them."""
    if cluster is None or not cluster.vrrp.virtual_mac:
        return []
    lines = []
    for port in outer_ports(node, cluster):
        addresses = [each.ip for each in node.ports[port].addresses] if port in node.ports else []
        for each in cluster.ha_interfaces:
            addresses += [own.ip for own in each.virtual_addresses] if each.address_port == port else []
        for family in (4, 6):
            own = [str(address) for address in addresses if address.version == family]
            if own:
                lines.append(
                    joined(f"iifname @{port_set(port)}", f"{ip(family)} daddr {listed(own)}", "return")
                )
    return lines
