"""One rule set, whole: what `nft -f` gets, in one transaction.

Everything is in one table of ours, which is replaced as a whole: tables of others stay. What comes in and
what is forwarded is dropped unless a rule lets it pass. Ports are sets of interface names; a port whose
network card is not there is an empty set, so that nothing passes by it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hadaemon.config.conntrack_model import EVERYTHING
from hadaemon.config.firewall_model import Firewall
from hadaemon.config.follow_model import Follow
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.variables import filled
from hadaemon.firewall.base import base_chains
from hadaemon.firewall.ha import ha_chain, ha_sets
from hadaemon.firewall.helpers import helper_objects
from hadaemon.firewall.nat import nat_chains
from hadaemon.firewall.node import node_chains
from hadaemon.firewall.outer import elsewhere_chain, outer_ports
from hadaemon.firewall.own import own_values
from hadaemon.firewall.policy import policy_chain
from hadaemon.firewall.snippets import Snippet
from hadaemon.firewall.text import TABLE, block, named_set, network_set, port_set, zone_set
from hadaemon.firewall.tunnelled import BESIDE, beside_ports, tunnelled
from hadaemon.hotwire.addresses import hotwire_port

_INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{1,15}\Z")
_ERROR = re.compile(r"^[^:\s]*:(\d+):(\S+): (Error: .*)$")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The text, and which of its lines are whose."""

    text: str
    origins: tuple[tuple[int, int, str], ...] = ()
    """Of each snippet: its first line, the line after its last one, and its path."""

    def explain(self, output: str) -> tuple[str, ...]:
        """What nft said, with the snippet's own line in place of the line of the whole."""
        said = [found for line in output.splitlines() if (found := _ERROR.match(line))]
        if not said:
            return (" ".join(output.split())[:500] or "nft says nothing",)
        return tuple(dict.fromkeys(self._explained(int(found[1]), found[3]) for found in said))

    def _explained(self, line: int, error: str) -> str:
        for first, end, path in self.origins:
            if first <= line < end:
                return f"{path}: line {line - first + 1}: {error}"
        lines = self.text.splitlines()
        return f"{error}, in: {lines[line - 1].strip() if line <= len(lines) else '(end)'}"


def rule_set(
    node: NodeConfig,
    cluster: ClusterConfig | None,
    interfaces: Mapping[str, Sequence[str]],
    snippets: Iterable[Snippet] = (),
) -> RuleSet:
    """`interfaces`: the kernel's names of each port whose network card is there. Without a cluster nothing is
    forwarded."""
    firewall = cluster.firewall if cluster is not None else Firewall()
    follow = cluster.follow if cluster is not None else Follow()
    conntrack = cluster.conntrack if cluster is not None else EVERYTHING
    lines = [*own_values(node, cluster), f"table inet {TABLE}", f"delete table inet {TABLE}"]
    lines.append(f"table inet {TABLE} {{")
    for part in (
        _sets(node, cluster, firewall, follow, interfaces),
        _network_sets(cluster),
        ha_sets(cluster),
        helper_objects(conntrack),
        base_chains(firewall, conntrack, cluster.hotwire if cluster is not None else None),
        ha_chain(node, cluster),
        node_chains(firewall, follow, node.system.over(cluster.system).ssh if cluster else node.system.ssh),
        elsewhere_chain(node, cluster, firewall),
        policy_chain(firewall),
        nat_chains(firewall),
    ):
        lines += (f"\t{line}" for line in part)
    origins = []
    for snippet in snippets:
        lines.append(f"# {snippet.path}")
        own = filled(snippet.text, cluster.variables if cluster is not None else {}).splitlines()
        origins.append((len(lines) + 1, len(lines) + 1 + len(own), snippet.path))
        lines += [*own, "# end"]
    return RuleSet("\n".join([*lines, "}"]) + "\n", tuple(origins))


def _sets(
    node: NodeConfig,
    cluster: ClusterConfig | None,
    firewall: Firewall,
    follow: Follow,
    interfaces: Mapping[str, Sequence[str]],
) -> list[str]:
    """Who is where: ports and zones by the interfaces of today, and the virtual addresses."""
    hotwire = hotwire_port(node, cluster)
    clients = {port.name for port in node.ports.values() if port.dhcp}
    virtual = (
        [] if cluster is None else [a.ip for each in cluster.ha_interfaces for a in each.virtual_addresses]
    )

    def names(ports: Iterable[str]) -> list[str]:
        found = {name for port in ports for name in interfaces.get(port, ()) if _INTERFACE.match(name)}
        return sorted(f'"{name}"' for name in found)

    others = [port for port in (*node.ports, *follow.interfaces) if port != hotwire]
    named = [*others, hotwire] if hotwire and _advertises(cluster) else others
    sets = [
        named_set("hotwire", "ifname", names([hotwire] if hotwire else [])),
        named_set("ports", "ifname", names(others)),
        named_set("dhcp_clients", "ifname", names(sorted(clients))),
        named_set("dhcp_servers", "ifname", names(sorted(each.port for each in follow.dhcp))),
        named_set("outer", "ifname", names(outer_ports(node, cluster))),
        named_set(BESIDE, "ifname", names(beside_ports(node, cluster))),
        *(
            named_set(f"tunnelled{family}", f"ipv{family}_addr", networks, flags="interval")
            for family, networks in zip((4, 6), tunnelled(node, cluster), strict=True)
        ),
        named_set("narrow", "ifname", names(follow.interfaces)),
        named_set("virtual4", "ipv4_addr", sorted({str(ip) for ip in virtual if ip.version == 4})),
        named_set("virtual6", "ipv6_addr", sorted({str(ip) for ip in virtual if ip.version == 6})),
        *(named_set(port_set(port), "ifname", names([port])) for port in named),
        *(named_set(zone_set(zone), "ifname", names(ports)) for zone, ports in firewall.zones.items()),
    ]
    return [line for lines in sets for line in lines]


def _advertises(cluster: ClusterConfig | None) -> bool:
    """Over the hotwire."""
    return cluster is not None and cluster.hotwire is not None and cluster.hotwire.advertisements


def _network_sets(cluster: ClusterConfig | None) -> list[str]:
    """One for each name and family, also for snippets."""
    return [
        line
        for found in (cluster.networks.values() if cluster is not None else ())
        for family in (4, 6)
        for line in named_set(
            network_set(found.name, family),
            f"ipv{family}_addr",
            list(map(str, found.of(family))),
            flags="interval",
        )
    ]


_NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept"
_ALONE = {"input": ('iifname "lo" accept', _NEIGHBOURS), "output": ('oifname "lo" accept', _NEIGHBOURS)}


def closed() -> str:
    """What counts from the earliest moment of a boot until the daemon has loaded the real one: only what the
    node says to itself, and what keeps two machines from taking one IPv6 address."""
    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for hook in ("input", "output", "forward"):
        head = f"type filter hook {hook} priority filter; policy drop;"
        lines += (f"\t{line}" for line in block(f"chain {hook}", head, *_ALONE.get(hook, ())))
    return "\n".join([*lines, "}"]) + "\n"


if __name__ == "__main__":
    print(closed(), end="")
