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
    families: tuple[int, ...] = ()
    """VRRP is spoken over it in these; none: it only has addresses."""
    unicast: IPAddress | None = None
    """The own address to speak from when it is unicast; None: multicast."""
    peers: frozenset[IPAddress] = frozenset()
    """With whom, when it is unicast."""
    vrid: Vrid | None = None
    """None: it does not advertise."""
    version: Version = Version.V3

    def admission(self, family: int) -> Admission:
        """What an advertisement for this port, which must advertise, looks like in one of its families."""
        assert self.vrid is not None
        return Admission(self.version, self.vrid, group(family) if self.unicast is None else self.unicast)


def plan_ports(node: NodeConfig, cluster: ClusterConfig) -> dict[str, HaPort]:
    """By name: every port that advertises, and every port that has virtual addresses."""
    advertising = {interface.port: interface for interface in cluster.ha_interfaces}
    carrying = {interface.address_port: interface for interface in cluster.ha_interfaces}
    names = dict.fromkeys([*advertising, *carrying])
    return {
        name: _plan_port(
            node, node.ports[name], advertising.get(name), carrying.get(name), cluster.vrrp.version
        )
        for name in names
    }


def _plan_port(
    node: NodeConfig,
    port: Port,
    advertising: HaInterface | None,
    carrying: HaInterface | None,
    version: Version,
) -> HaPort:
    # What is an own address too (the address owner's) is there without us, and stays when we go.
    virtual = () if carrying is None else carrying.virtual_addresses
    addresses = frozenset(virtual) - frozenset(port.addresses)
    if advertising is None:
        return HaPort(port, addresses)
    own = advertising.peers.get(node.name)
    others = frozenset(address for name, address in advertising.peers.items() if name != node.name)
    return HaPort(port, addresses, advertising.families, own, others, advertising.vrid, version)
