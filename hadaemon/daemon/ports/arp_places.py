"""Where virtual addresses may be, for the ARP watch: the ports that are there now, and whom to ask first."""

from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from hadaemon.cluster import NodeStatus
from hadaemon.config import ClusterConfig, HaInterface
from hadaemon.daemon.ports.arp_watch import Place
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.ports import Ports
from hadaemon.vrrp.mac import interface_name


class ArpPlaces:
    """Of one session."""

    def __init__(
        self, cluster: ClusterConfig, ports: Ports, network: Network, status: Callable[[], NodeStatus]
    ) -> None:
        """`status`: the node's, now."""
        self._cluster = cluster
        self._ports = ports
        self._network = network
        self._status = status

    def present(self) -> Iterator[Place]:
        """The ports with virtual addresses that are there and have a carrier."""
        heard = {each.vrid: each.heard_from for each in self._status().interfaces}
        for interface in self._cluster.ha_interfaces:
            place = self._place(interface, heard[interface.vrid])
            if place is not None:
                yield place

    def _place(self, interface: HaInterface, heard_from: str | None) -> Place | None:
        """`heard_from`: whose advertisement came last: no neighbour where addresses are elsewhere."""
        link = self._ports.link(interface.address_port)
        if link is None or not link.carrier:
            return None
        active = heard_from if interface.addresses_on is None else None
        pinged = map(_neighbour, self._pinged_on(interface.address_port))
        return Place(
            interface.address_port,
            link,
            self._network.table.named(interface_name(interface.vrid, 4)),
            tuple(ip for ip in interface.addresses(4) if isinstance(ip, IPv4Address)),
            _neighbour(active),
            tuple(each for each in pinged if each is not None),
            tuple(ip for ip in interface.addresses(6) if isinstance(ip, IPv6Address)),
            _neighbour6(active),
        )

    def _pinged_on(self, port: str) -> Iterator[str]:
        groups = (group for group in self._cluster.ping_groups if group.port == port)
        return (str(host) for group in groups for host in group.hosts)


def _neighbour(text: str | None) -> IPv4Address | None:
    """An IPv4 address that can be asked for: a link-local source need not be on any interface."""
    try:
        address = IPv4Address(text or "")
    except AddressValueError:
        return None
    return None if address.is_link_local else address


def _neighbour6(text: str | None) -> IPv6Address | None:
    """As `_neighbour`. Advertisements come from link-local ones, which are on the interface as a rule."""
    try:
        return IPv6Address(text or "")
    except AddressValueError:
        return None
