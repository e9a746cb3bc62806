"""Virtual addresses with the virtual router's MAC address: on a macvlan of their own, which exists while this
node answers for them, and no longer (RFC 9568 §7.3).

While it hands over it answers no more, and then the macvlan has to go at once: a frame from it, of which the
kernel sends some by itself, would lead the switch back here.
"""

from collections.abc import Iterator, Mapping

from hadaemon.cluster import SetAddresses
from hadaemon.daemon.ports.network import Network
from hadaemon.io.kernel.links import Link
from hadaemon.vrrp import IPInterface, Vrid
from hadaemon.vrrp.mac import FAMILIES, interface_name, virtual_router_mac


class VirtualMacs:
    """The macvlans of all ports."""

    def __init__(self, vrids: Mapping[str, Vrid], network: Network) -> None:
        """`vrids`: of each port that has virtual addresses."""
        self._vrids = vrids
        self._network = network

    def reconcile(self, order: SetAddresses, parent: Link | None) -> None:
        """Makes an order true; `parent` is the port's link now. Raises NetlinkError."""
        for family in FAMILIES:
            wanted = frozenset(each for each in order.addresses if each.version == family)
            self._reconcile(family, order.port, wanted if order.answering else frozenset(), parent)

    def links(self, port: str) -> Iterator[tuple[int, Link]]:
        """The macvlans of a port that are there, by family."""
        for family in FAMILIES:
            link = self._network.table.named(interface_name(self._vrids[port], family))
            if link is not None:
                yield family, link

    def _reconcile(self, family: int, port: str, wanted: frozenset[IPInterface], parent: Link | None) -> None:
        vrid = self._vrids[port]
        name, mac = interface_name(vrid, family), virtual_router_mac(vrid, family)
        link = self._network.table.named(name)
        if link is not None and not (wanted and _sits_on(link, parent, mac)):
            self._network.remove_macvlan(link)
            link = None
        if wanted and parent is not None:
            link = link or self._network.add_macvlan(parent, name, mac)
            self._network.set_virtual(link.index, wanted, wanted)


def _sits_on(link: Link, parent: Link | None, mac: str) -> bool:
    return parent is not None and (link.parent, link.mac) == (parent.index, mac)
