"""What belongs into a tunnel never leaves beside it, in clear.

A tunnel's routes come and go with its interface. While a node has dialled and its tunnel is not up yet, what
is for the networks behind it would follow the default route, and be answered or translated there.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from hadaemon.config.follow_model import Tunnel
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.config.network_model import RouteKind, While
from hadaemon.config.objects_model import networks_of
from hadaemon.firewall.outer import ways_out
from hadaemon.firewall.text import comment
from hadaemon.follow.table import TUNNEL_MARK

BESIDE = "beside"
"""The set of ports by which it would leave."""
_WHY = comment("what is for a tunnel leaves by it or not at all")


def tunnelled(node: NodeConfig, cluster: ClusterConfig | None) -> tuple[list[str], list[str]]:
    """The networks behind the tunnels, of IPv4 and of IPv6, none in another. Not those that a route of one's
    own leads elsewhere too; and not everything: of that, the default route is the way while there is no
    tunnel."""
    if cluster is None:
        return [], []
    found = [
        network
        for tunnel in cluster.follow.wireguard
        for network in _networks(tunnel)
        if network.prefixlen and not _is_routed(node, cluster, network)
    ]
    four = collapse_addresses(each for each in found if isinstance(each, IPv4Network))
    six = collapse_addresses(each for each in found if isinstance(each, IPv6Network))
    return [str(each) for each in four], [str(each) for each in six]


def _networks(tunnel: Tunnel) -> Iterator[IPv4Network | IPv6Network]:
    yield from (address.network for address in tunnel.addresses)
    for peer in tunnel.peers:
        yield from networks_of(peer.allowed)


def beside_ports(node: NodeConfig, cluster: ClusterConfig | None) -> list[str]:
    """The ports that lead to the rest of the world, but for tunnels, and for that by which a backup reaches
    it through the active node."""
    if cluster is None:
        return []
    tunnels = {tunnel.name for tunnel in cluster.follow.wireguard}
    return sorted(ways_out(node, cluster, (None, While.ACTIVE)) - tunnels)


def rules_beside(own: bool) -> Iterator[str]:
    """`own`: of what the node itself sends; the packets of a tunnel itself may go anywhere."""
    unmarked = f"meta mark != {TUNNEL_MARK:#x} " if own else ""
    for family, suffix in (("ip", 4), ("ip6", 6)):
        yield f"oifname @{BESIDE} {family} daddr @tunnelled{suffix} {unmarked}counter drop {_WHY}"


def _is_routed(node: NodeConfig, cluster: ClusterConfig, network: IPv4Network | IPv6Network) -> bool:
    return any(
        route.destination.prefixlen
        and route.kind is RouteKind.UNICAST
        and route.table is None
        and route.destination.version == network.version
        and network.subnet_of(route.destination)  # type: ignore[arg-type]
        for route in node.system.over(cluster.system).routes
    )
