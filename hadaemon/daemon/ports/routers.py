"""The active node tells hosts that the cluster is their IPv6 router: from the virtual link-local address,
while it answers for that, and with nothing at its end (RFC 9568 §6.4.3, §8.2.2).

Own, and no daemon beside: radvd and networkd take back at their end what they said, and here the other node
goes on as the same router; and it is said in the moment in which the address is taken over.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

from hadaemon.cluster import SetAddresses
from hadaemon.config import ClusterConfig, HaInterface, RouterAdvertisements
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.router_socket import RouterSocket
from hadaemon.problems import Problem, other
from hadaemon.radv.message import router_advertisement
from hadaemon.radv.schedule import Schedule

log = logging.getLogger(__name__)

_RETRY = 1.0
"""Seconds until what could not be sent is tried again."""

SeatOf = Callable[[HaInterface], Link | None]


class Routers:
    """All HA interfaces that advertise."""

    def __init__(self, cluster: ClusterConfig, seat: SeatOf, loop: asyncio.AbstractEventLoop) -> None:
        """`seat`: the link that has the virtual IPv6 addresses of an interface now."""
        self._routers: Mapping[str, _Router] = {
            each.address_port: _Router(each, each.advertises, seat, loop)
            for each in cluster.ha_interfaces
            if each.advertises is not None
        }

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why hosts are not told."""
        return tuple(
            other(f"{port}/router-advertisements", router.failure)
            for port, router in self._routers.items()
            if router.failure is not None
        )

    def follow(self, order: SetAddresses) -> None:
        """These are the virtual addresses of a port from now on."""
        router = self._routers.get(order.port)
        if router is not None:
            router.set(order.answering and any(each.version == 6 for each in order.addresses))

    def refresh(self) -> None:
        """Links are not what they were."""
        for router in self._routers.values():
            router.refresh()

    def close(self) -> None:
        """Ends without a word."""
        for router in self._routers.values():
            router.set(False)


@dataclass(slots=True)
class _Open:
    """While there is somebody to tell."""

    socket: RouterSocket
    schedule: Schedule
    timer: asyncio.TimerHandle


class _Router:
    """One interface."""

    def __init__(
        self,
        interface: HaInterface,
        advertised: RouterAdvertisements,
        seat: SeatOf,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._interface = interface
        self._advertised = advertised
        self._seat = seat
        self._loop = loop
        self._ours = False
        self._open: _Open | None = None
        self.failure: str | None = None

    def set(self, ours: bool) -> None:
        self._ours = ours
        self.refresh()

    def refresh(self) -> None:
        link = self._seat(self._interface) if self._ours else None
        if self._open is not None and (link is None or link.index != self._open.socket.index):
            self._close()
        if link is not None and link.carrier and self._open is None:
            self._begin(link)
        if link is None:
            self.failure = None

    def _begin(self, link: Link) -> None:
        try:
            socket = RouterSocket(link.index)
        except PortError as error:
            self._failed(error)
            return
        now = self._loop.time()
        self._open = _Open(
            socket, Schedule(self._advertised.interval, now), self._loop.call_later(0, self._send)
        )
        self._loop.add_reader(socket.fileno(), self._solicited)

    def _close(self) -> None:
        assert self._open is not None
        self._open.timer.cancel()
        self._loop.remove_reader(self._open.socket.fileno())
        self._open.socket.close()
        self._open = None

    def _send(self) -> None:
        """It is time."""
        link, open_ = self._seat(self._interface), self._open
        if open_ is None or link is None or link.index != open_.socket.index:
            return  # Soon told by `refresh`.
        now = self._loop.time()
        try:
            mac = bytes.fromhex(link.mac.replace(":", ""))
            open_.socket.send(router_advertisement(self._advertised, mac), self._source)
        except PortError as error:
            self._failed(error)
            open_.timer = self._loop.call_later(_RETRY, self._send)
            return
        self.failure = None
        open_.schedule = open_.schedule.after_sending(now, random.random())  # noqa: S311
        open_.timer = self._loop.call_at(open_.schedule.due, self._send)

    def _solicited(self) -> None:
        open_ = self._open
        if open_ is None or not open_.socket.solicited():
            return
        open_.schedule = open_.schedule.after_solicitation(self._loop.time(), random.random())  # noqa: S311
        open_.timer.cancel()
        open_.timer = self._loop.call_at(open_.schedule.due, self._send)

    @property
    def _source(self) -> IPv6Address:
        """The virtual link-local address: the first of the family."""
        first = self._interface.addresses(6)[0]
        assert isinstance(first, IPv6Address)
        return first

    def _failed(self, error: PortError) -> None:
        failure = f"port {self._interface.address_port}: {error}"
        if self.failure != failure:
            log.error("%s", failure)
        self.failure = failure
