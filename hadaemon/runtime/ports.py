"""The HA ports of one configuration: bound to links by MAC, with VRRP sockets, followed through hotplug."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from hadaemon.cluster import AdvertisementDiscarded, AdvertisementReceived, Event, PortChanged
from hadaemon.config import Port
from hadaemon.io.errors import PortError
from hadaemon.io.links import Address, Link
from hadaemon.io.vrrp_socket import VrrpSocket
from hadaemon.runtime.network import Network
from hadaemon.vrrp import Discard, decode

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds until a socket that could not be opened is tried again."""


@dataclass(frozen=True, slots=True)
class HaPort:
    """One port of the cluster: who it is, and what may be on it."""

    port: Port
    virtual_addresses: frozenset[IPv4Interface]


class Ports:
    """Binds ports to links; every change is a PortChanged for the node."""

    def __init__(
        self,
        ports: Mapping[str, HaPort],
        network: Network,
        loop: asyncio.AbstractEventLoop,
        post: Callable[[Event], None],
        look_again: Callable[[], None],
    ) -> None:
        """`post` takes what arrives; `look_again` has to call `refresh`."""
        self._ports = ports
        self._network = network
        self._loop = loop
        self._post = post
        self._look_again = look_again
        self._sockets: dict[str, VrrpSocket] = {}
        self._told: dict[str, PortChanged] = {}
        self._retry: asyncio.TimerHandle | None = None
        self.failures: dict[str, str] = {}
        """Why a port that is there has no socket."""

    def refresh(self) -> list[PortChanged]:
        """Looks at each port again: opens and closes sockets; the answer is what is new."""
        news = []
        for name in self._ports:
            link = self.link(name)
            self._follow(name, link)
            now = self._view(name, link)
            if self._told.get(name) != now:
                self._told[name] = now
                news.append(now)
        if self.failures and self._retry is None:
            self._retry = self._loop.call_later(_RETRY, self._try_again)
        return news

    def close(self) -> None:
        """Closes every socket."""
        if self._retry is not None:
            self._retry.cancel()
        for name in tuple(self._sockets):
            self._close_socket(name)

    @property
    def complete(self) -> bool:
        """Every port exists and has its socket."""
        return self._sockets.keys() == self._ports.keys()

    def link(self, name: str) -> Link | None:
        """The link that the port is now."""
        return self._network.table.find(self._ports[name].port.mac)

    def known(self, name: str) -> frozenset[IPv4Interface]:
        """The virtual addresses that may be on the port."""
        return self._ports[name].virtual_addresses

    def send(self, name: str, payload: bytes) -> None:
        """Multicasts one VRRP message from the port's source address."""
        socket, source = self._sockets.get(name), self.source(name)
        if socket is None or source is None:
            raise PortError(
                f"port {name}: {self.failures.get(name, 'absent, or without an address to send from')}"
            )
        socket.send(payload, source)

    def source(self, name: str) -> IPv4Address | None:
        """The port's primary address, the source of what it sends; None: it has none now."""
        told = self._told.get(name)
        return told.address if told is not None else None

    def _view(self, name: str, link: Link | None) -> PortChanged:
        if link is None:
            return PortChanged(name, present=False, carrier=False, address=None)
        ha_port = self._ports[name]
        address = primary_address(ha_port, self._network.table.addresses(link.index))
        usable = name in self._sockets
        return PortChanged(name, present=True, carrier=link.carrier, address=address if usable else None)

    def _follow(self, name: str, link: Link | None) -> None:
        socket = self._sockets.get(name)
        if socket is not None and (link is None or socket.index != link.index):
            self._close_socket(name)
        if link is None:
            self.failures.pop(name, None)
        elif name not in self._sockets:
            self._open_socket(name, link)

    def _open_socket(self, name: str, link: Link) -> None:
        try:
            socket = VrrpSocket(link.index)
        except PortError as error:
            if name not in self.failures:
                log.error("port %s (%s): %s", name, link.name, error)
            self.failures[name] = str(error)
            return
        self.failures.pop(name, None)
        self._sockets[name] = socket
        self._loop.add_reader(socket.fileno(), self._receive, name, socket)
        log.info("port %s is %s (%s)", name, link.name, link.mac)

    def _close_socket(self, name: str) -> None:
        socket = self._sockets.pop(name)
        self._loop.remove_reader(socket.fileno())
        socket.close()

    def _receive(self, name: str, socket: VrrpSocket) -> None:
        for packet in socket.receive():
            try:
                advertisement = decode(packet.payload, packet.source, packet.destination, packet.ttl)
            except Discard as discard:
                self._post(AdvertisementDiscarded(name, discard.reason))
            else:
                self._post(AdvertisementReceived(name, packet.source, advertisement))

    def _try_again(self) -> None:
        self._retry = None
        self._look_again()


def primary_address(ha_port: HaPort, present: tuple[Address, ...]) -> IPv4Address | None:
    """The source address of a port: its first own address that is there.

    A port that is meant to have addresses waits for one. A port that is meant to have none takes any that
    somebody else put there, or sends from a link-local address of its own (which needs not be on the
    interface).
    """
    usable = [a.interface for a in present if not a.virtual and a.interface not in ha_port.virtual_addresses]
    own = [interface for interface in ha_port.port.addresses if interface in usable]
    if own:
        return own[0].ip
    if ha_port.port.addresses:
        return None
    return min(usable).ip if usable else link_local(ha_port.port.mac)


def link_local(mac: str) -> IPv4Address:
    """A fixed address of 169.254.1.0-169.254.254.255 (RFC 3927 §2.1), from the port's MAC address."""
    number = int.from_bytes(hashlib.sha256(mac.encode()).digest()[:8], "big")
    return IPv4Address("169.254.1.0") + number % (254 * 256)
