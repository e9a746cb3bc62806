"""[conntrack] of cluster.toml: which connections are told to the other node."""

from dataclasses import dataclass

from hadaemon.vrrp.model import IPNetwork

PROTOCOLS = ("tcp", "udp", "icmp", "sctp")
"""All that can be told; as in rules of the firewall, `icmp` means both families."""


@dataclass(frozen=True, slots=True)
class Conntrack:
    """The whole table. Connections of a node itself and those on the hotwire are never told."""

    enabled: bool = True
    """Connections are told, if there is a hotwire."""
    protocols: tuple[str, ...] = PROTOCOLS
    """Those that are told, in the order of `PROTOCOLS`."""
    ignore: tuple[IPNetwork, ...] = ()
    """What begins or ends there is not told."""

    @property
    def is_whole(self) -> bool:
        """All that can be told is told, so that both kernels have about the same number of connections."""
        return self.protocols == PROTOCOLS and not self.ignore


EVERYTHING = Conntrack()
