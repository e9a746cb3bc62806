"""What the configurations of node and cluster ask of each port. Pure."""

from dataclasses import dataclass

from hadaemon.config import ClusterConfig, HaInterface, NodeConfig, Port
from hadaemon.io.packets.vrrp_socket import group
from hadaemon.vrrp import Admission, IPAddress, IPInterface, Version, Vrid


@dataclass(frozen=True, slots=True)
class HaPort:
    """One port of the cluster: who it is, what may be on it, and how VRRP is spoken there."""

    port: Port
    virtual_addresses: frozenset[IPInterface] = frozenset()
    """What the daemon puts on it and takes away again."""
    unicast: IPAddress | None = None
    """The own address to speak from when it is unicast; None: multicast."""
    peers: frozenset[IPAddress] = frozenset()
    """With whom, when it is unicast."""
    vrids: tuple[tuple[int, Vrid], ...] = ()
    """Family and VRID of each virtual router that is advertised over it."""
    version: Version = Version.V3

    @property
    def families(self) -> tuple[int, ...]:
        """VRRP is spoken over it in these; none: it only has addresses."""
        return tuple(sorted({family for family, _ in self.vrids}))

    def admission(self, family: int) -> Admission:
        """What an advertisement for this port looks like in one of its families."""
        vrids = tuple(vrid for one, vrid in self.vrids if one == family)
        return Admission(self.version, vrids, group(family) if self.unicast is None else self.unicast)


def plan_ports(node: NodeConfig, cluster: ClusterConfig) -> dict[str, HaPort]:
    """By name: every port that advertises, and every port that has virtual addresses."""
    advertising: dict[str, list[HaInterface]] = {}
    for interface in cluster.ha_interfaces:
        advertising.setdefault(interface.port, []).append(interface)
    carrying = {interface.address_port: interface for interface in cluster.ha_interfaces}
    names = dict.fromkeys([*advertising, *carrying])
    return {
        name: _plan_port(
            node, node.ports[name], advertising.get(name, []), carrying.get(name), cluster.vrrp.version
        )
        for name in names
    }


def _plan_port(
    node: NodeConfig,
    port: Port,
    advertising: list[HaInterface],
    carrying: HaInterface | None,
    version: Version,
) -> HaPort:
    # What is an own address too (the address owner's) is there without us, and stays when we go.
    virtual = () if carrying is None else carrying.virtual_addresses
    addresses = frozenset(virtual) - frozenset(port.addresses)
    if not advertising:
        return HaPort(port, addresses)
    peers = advertising[0].peers  # All over one port have the same.
    others = frozenset(address for name, address in peers.items() if name != node.name)
    vrids = tuple((family, each.vrid) for each in advertising for family in each.families)
    return HaPort(port, addresses, peers.get(node.name), others, vrids, version)
