"""The ports of one configuration: bound to links by MAC, with VRRP sockets, followed through hotplug."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from ipaddress import IPv4Address, IPv6Address

from hadaemon.cluster import AdvertisementDiscarded, AdvertisementReceived, Event, PortChanged
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.ports.plan import HaPort
from hadaemon.daemon.ports.refused import Refused
from hadaemon.daemon.ports.sources import source_address
from hadaemon.daemon.ports.wire import Wire
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.vrrp_socket import ALL_WAITING, BATCH, VrrpSocket, group
from hadaemon.vrrp import Advertisement, Discard, DiscardReason, IPAddress, IPInterface

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds until a socket that could not be opened is tried again."""


class Ports:
    """Binds ports to links; every change is a PortChanged for the node."""

    def __init__(
        self,
        ports: Mapping[str, HaPort],
        wire: Wire,
        network: Network,
        loop: asyncio.AbstractEventLoop,
        post: Callable[[Event], None],
        look_again: Callable[[], None],
    ) -> None:
        """`post` takes what arrives; `look_again` has to call `refresh`."""
        self._ports = ports
        self._wire = wire
        self._network = network
        self._loop = loop
        self._post = post
        self._look_again = look_again
        self._needed = {(name, family) for name, port in ports.items() for family in port.families}
        self._sockets: dict[tuple[str, int], VrrpSocket] = {}
        self._refused: dict[tuple[str, int], Refused] = {}
        self._failed: dict[tuple[str, int], str] = {}
        self._last_views: dict[str, PortChanged] = {}
        self._retry: asyncio.TimerHandle | None = None

    def refresh(self) -> list[PortChanged]:
        """Looks at each port again: opens and closes sockets; the answer is what is new."""
        news = []
        for name, port in self._ports.items():
            link = self.link(name)
            for family in port.families:
                self._follow(name, family, link)
            now = self._view(name, link)
            if self._last_views.get(name) != now:
                self._last_views[name] = now
                news.append(now)
        if self._failed and self._retry is None:
            self._retry = self._loop.call_later(_RETRY, self._try_again)
        return news

    def close(self) -> None:
        """Closes every socket."""
        if self._retry is not None:
            self._retry.cancel()
        for key in tuple(self._sockets):
            self._close_socket(key)

    @property
    def complete(self) -> bool:
        """Every port exists and has its sockets."""
        present = all(self.link(name) is not None for name in self._ports)
        return present and self._sockets.keys() == self._needed

    @property
    def failures(self) -> dict[str, str]:
        """Why a port that is there has not all of its sockets."""
        return {name: text for (name, _), text in self._failed.items()}

    def link(self, name: str) -> Link | None:
        """The link that the port is now."""
        port = self._ports[name].port
        return self._network.table.find(port.mac, port.vlan, port.bonded)

    def known(self, name: str) -> frozenset[IPInterface]:
        """The virtual addresses that may be on the port."""
        return self._ports[name].virtual_addresses

    def send(self, name: str, advertisement: Advertisement) -> None:
        """To the group, or to each peer, from the port's source address of that family."""
        family = advertisement.family
        socket, source = self._sockets.get((name, family)), self._source(name, family)
        if socket is None or source is None:
            failure = self._failed.get((name, family), "absent, or without an address to send from")
            raise PortError(f"port {name}: {failure}")
        port = self._ports[name]
        for destination in port.peers if port.unicast is not None else (group(family),):
            socket.send(self._wire.pack(advertisement, source, destination), source, destination)

    def read_waiting(self) -> None:
        """Takes in what has arrived: all of it, or so much that nothing older can wait behind."""
        for (name, _), socket in tuple(self._sockets.items()):
            self._receive(name, socket, ALL_WAITING)

    def _source(self, name: str, family: int) -> IPAddress | None:
        view = self._last_views.get(name)
        if view is None:
            return None
        return view.address if family == 4 else view.address6

    def _view(self, name: str, link: Link | None) -> PortChanged:
        if link is None:
            return PortChanged(name, present=False, carrier=False, address=None)
        port, present = self._ports[name], self._network.table.addresses(link.index)
        sources = {
            family: source_address(family, port, present)
            for family in port.families
            if (name, family) in self._sockets
        }
        four, six = sources.get(4), sources.get(6)
        assert four is None or isinstance(four, IPv4Address)
        assert six is None or isinstance(six, IPv6Address)
        return PortChanged(name, present=True, carrier=link.carrier, address=four, address6=six)

    def _follow(self, name: str, family: int, link: Link | None) -> None:
        key = name, family
        socket = self._sockets.get(key)
        if socket is not None and (link is None or socket.index != link.index):
            self._close_socket(key)
        if link is None:
            self._failed.pop(key, None)
        elif key not in self._sockets:
            self._open_socket(key, link)

    def _open_socket(self, key: tuple[str, int], link: Link) -> None:
        name, family = key
        admission = self._ports[name].admission(family)
        try:
            with ExitStack() as undo:
                socket = undo.enter_context(closing(VrrpSocket(link.index, admission)))
                others = VrrpSocket(link.index, admission, refused=True)
                undo.pop_all()
        except PortError as error:
            if key not in self._failed:
                log.error("port %s (%s): %s", name, link.name, error)
            self._failed[key] = str(error)
            return
        self._failed.pop(key, None)
        self._sockets[key] = socket
        self._refused[key] = Refused(
            others, admission, self._loop, lambda source, reason: self._discard(name, source, reason)
        )
        self._loop.add_reader(socket.fileno(), self._receive, name, socket, BATCH)
        log.info("port %s is %s (%s), VRRP over IPv%d", name, link.name, link.mac, family)

    def _close_socket(self, key: tuple[str, int]) -> None:
        socket = self._sockets.pop(key)
        self._loop.remove_reader(socket.fileno())
        socket.close()
        self._refused.pop(key).close()

    def _receive(self, name: str, socket: VrrpSocket, count: int) -> None:
        for packet in socket.receive(count):
            try:
                advertisement = self._wire.unpack(packet, self._ports[name])
            except Discard as discard:
                self._discard(name, packet.source, discard.reason)
            else:
                self._post(AdvertisementReceived(name, packet.source, advertisement))

    def _discard(self, name: str, source: IPAddress, reason: DiscardReason) -> None:
        self._post(AdvertisementDiscarded(name, source, reason))

    def _try_again(self) -> None:
        self._retry = None
        self._look_again()
