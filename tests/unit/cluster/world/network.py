"""The links and switches between the nodes, and the clients that send to them."""

import random
from collections.abc import Callable

from hadaemon.cluster import AdvertisementReceived, PortChanged, SendAdvertisement
from hadaemon.vrrp import IPV4_GROUP, IPV6_GROUP, TTL, Checksum, decode, encode
from tests.unit.cluster.pair import own_address, own_address6

from .agenda import Agenda


class Network:
    """Every node has a link on every port; each port is a segment of its own."""

    def __init__(
        self,
        names: tuple[str, ...],
        ports: tuple[str, ...],
        agenda: Agenda,
        dice: random.Random,
        delay: float,
        loss: float,
        doubling: float,
    ) -> None:
        """`delay`: seconds at most that a packet is under way; `loss` and `doubling` are probabilities."""
        self._names, self._agenda, self._dice = names, agenda, dice
        self._delay, self.loss, self._doubling = delay, loss, doubling
        self.ports = ports
        self.carrier = {(name, port): True for name in names for port in ports}
        self.torn: set[tuple[str, str]] = set()
        """Nodes and ports whose network card is gone."""
        self.cut: set[str] = set()
        """Ports whose switch swallows everything; the links are up."""
        self.blocked: set[tuple[str, str]] = set()
        """Nodes and ports behind a switch port that lets nothing through; the link is up."""
        self.learnt: dict[str, str] = {}
        """On each HA interface, the node that clients send to: who announced last, or answered when asked."""

    @property
    def sees_advertisements(self) -> bool:
        """The nodes can hear each other on at least one interface."""
        return any(
            port not in self.cut
            and all(self.carrier[name, port] and (name, port) not in self.blocked for name in self._names)
            for port in self.ports
        )

    def links_down(self, name: str) -> int:
        return sum(not self.carrier[name, port] for port in self.ports)

    def link_event(self, name: str, port: str) -> PortChanged:
        """What a node sees of its port."""
        if (name, port) in self.torn:
            return PortChanged(port, False, False, None)
        carrier = self.carrier[name, port]
        return PortChanged(port, True, carrier, own_address(name, port), own_address6(name, port))

    def transmit(
        self,
        sender: str,
        action: SendAdvertisement,
        checksum: Checksum,
        arrive: Callable[[str, AdvertisementReceived], object],
    ) -> None:
        """To everybody on the segment; `arrive` is called with who receives it, and what."""
        four = action.advertisement.family == 4
        source = (own_address if four else own_address6)(sender, action.port)
        group = IPV4_GROUP if four else IPV6_GROUP
        packet = encode(action.advertisement, source, group, checksum)
        for name in self._names:
            if name == sender:
                continue
            for _ in range(1 + (self._dice.random() < self._doubling)):
                if self._passes(sender, name, action.port):
                    advertisement = decode(packet, source, group, TTL, action.advertisement.version)
                    self._deliver(name, AdvertisementReceived(action.port, source, advertisement), arrive)

    def reaches_clients(self, name: str, port: str) -> bool:
        """A packet that the node sends now."""
        whole = self.carrier[name, port] and port not in self.cut
        return whole and (name, port) not in self.blocked and self._dice.random() >= self.loss

    def _deliver(
        self, name: str, event: AdvertisementReceived, arrive: Callable[[str, AdvertisementReceived], object]
    ) -> None:
        def come() -> None:
            if self.carrier[name, event.port]:
                arrive(name, event)

        self._agenda.at(self._agenda.now + self._dice.uniform(0, self._delay), come)

    def _passes(self, sender: str, receiver: str, port: str) -> bool:
        whole = self.carrier[sender, port] and self.carrier[receiver, port] and port not in self.cut
        lets_through = not self.blocked & {(sender, port), (receiver, port)}
        return whole and lets_through and self._dice.random() >= self.loss
