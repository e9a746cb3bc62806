"""Who has which address on the hotwire.

In this order: `hotwire.addresses` of cluster.toml, which names both nodes; the first own IPv4 address of the
port in node.toml, where the peer's is one's own with the last bit flipped; else a link-local address that
follows from the node's name alone, so that it never changes with the roles: from the name that it had when
the nodes were paired, so that it does not change with a new one either. The peer's is then known as soon as
its name is: from the key that pairing left, or from its first authentic heartbeat. None of this needs a
cluster, so that two fresh boxes can be paired.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from hadaemon.config.hotwire import ipv4_addresses
from hadaemon.config.model import ClusterConfig, NodeConfig
from hadaemon.hotwire.exclusive import DEFAULT_PORT

_FIRST = int(IPv4Address("169.254.1.0"))
_COUNT = 254 * 256
"""169.254.1.0 to 169.254.254.255 are for use (RFC 3927 §2.1)."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The addresses of the two ends of the hotwire."""

    own: IPv4Interface
    peer: IPv4Address | None
    """None: it follows from a name that is not known yet."""


def default_address(name: str) -> IPv4Interface:
    """The link-local address of a node without a configured one. Two names share one in 65,000 cases:
    then `hotwire.addresses` is needed."""
    number = int.from_bytes(hashlib.sha256(f"hotwire {name}".encode()).digest()[:8], "big")
    return IPv4Interface((_FIRST + number % _COUNT, 16))


def hotwire_port(node: NodeConfig, cluster: ClusterConfig | None) -> str | None:
    """The name of the port; None: there is none. As long as no cluster.toml names another one, it is the port
    of that name."""
    if cluster is not None and cluster.hotwire is not None:
        return cluster.hotwire.port
    return DEFAULT_PORT if DEFAULT_PORT in node.ports else None


def hotwire_ends(node: NodeConfig, cluster: ClusterConfig | None, peer_name: str = "") -> Ends | None:
    """Both ends as this node sees them; None: there is no hotwire. `peer_name`: the other node's when the
    nodes were paired, if it is known."""
    port = hotwire_port(node, cluster)
    if port is None:
        return None
    named = cluster.hotwire.addresses if cluster is not None and cluster.hotwire is not None else None
    if named:
        other = next(address for name, address in named.items() if name != node.name)
        return Ends(named[node.name], other.ip)
    addresses = ipv4_addresses(node.ports[port].addresses)
    if addresses:
        return Ends(addresses[0], partner(addresses[0]))
    return Ends(default_address(node.hotwire_name), default_address(peer_name).ip if peer_name else None)


def partner(own: IPv4Interface) -> IPv4Address:
    """The address with the last bit flipped."""
    return IPv4Address(int(own.ip) ^ 1)
