"""The ping checks: asks each host of each group at its pace; the node learns what became of each request."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hadaemon.cluster import PingResult
from hadaemon.config import PingGroup
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.icmp import EchoSocket
from hadaemon.vrrp.model import IPAddress

log = logging.getLogger(__name__)

_SEQUENCES = 1 << 16


@dataclass(frozen=True, slots=True)
class _Waiting:
    group: str
    host: IPAddress
    timeout: asyncio.TimerHandle


class Pings:
    """From `start` to `close`. A port that is absent, or a request that cannot leave, is a missing answer."""

    def __init__(
        self,
        groups: Iterable[PingGroup],
        link_of: Callable[[str], Link | None],
        loop: asyncio.AbstractEventLoop,
        post: Callable[[PingResult], None],
    ) -> None:
        """`link_of` knows the present link of a port by its name."""
        self._groups = tuple(groups)
        self._link_of = link_of
        self._loop = loop
        self._post = post
        self._sockets: dict[tuple[int, int | None], EchoSocket] = {}
        """By the version of IP and the index of the link."""
        self._rounds: dict[str, asyncio.TimerHandle] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._sequence = 0
        self.failure: str | None = None
        """Why nothing can be asked at all."""

    def start(self) -> None:
        """Begins with a round of every group."""
        for group in self._groups:
            self._round(group)

    def close(self) -> None:
        """No more requests, and no more results."""
        for handle in self._rounds.values():
            handle.cancel()
        for waiting in self._waiting.values():
            waiting.timeout.cancel()
        for key in tuple(self._sockets):
            self._close_socket(key)

    def _round(self, group: PingGroup) -> None:
        self._rounds[group.name] = self._loop.call_later(group.interval, self._round, group)
        link = self._link_of(group.port) if group.port is not None else None
        self._forget_gone_links()
        for host in group.hosts:
            self._sequence = (self._sequence + 1) % _SEQUENCES
            timeout = self._loop.call_later(group.timeout, self._unanswered, self._sequence)
            self._waiting[self._sequence] = _Waiting(group.name, host, timeout)
            if group.port is None or link is not None:
                self._ask(host, link.index if link is not None else None)

    def _ask(self, host: IPAddress, index: int | None) -> None:
        try:
            self._socket(host.version, index).send(host, self._sequence)
        except PortError as error:
            if self.failure is None:
                log.warning("%s", error)
            self.failure = str(error)
        else:
            self.failure = None

    def _socket(self, version: int, index: int | None) -> EchoSocket:
        key = version, index
        if key not in self._sockets:
            self._sockets[key] = opened = EchoSocket(version, index)
            self._loop.add_reader(opened.fileno(), self._receive, opened)
        return self._sockets[key]

    def _forget_gone_links(self) -> None:
        """A link that was made anew has another index, and needs new sockets."""
        links = [self._link_of(group.port) for group in self._groups if group.port is not None]
        present = {None, *(link.index for link in links if link is not None)}
        for version, index in tuple(self._sockets):
            if index not in present:
                self._close_socket((version, index))

    def _close_socket(self, key: tuple[int, int | None]) -> None:
        closed = self._sockets.pop(key)
        self._loop.remove_reader(closed.fileno())
        closed.close()

    def _receive(self, opened: EchoSocket) -> None:
        for source, sequence in opened.receive():
            waiting = self._waiting.get(sequence)
            if waiting is not None and waiting.host == source:
                del self._waiting[sequence]
                waiting.timeout.cancel()
                self._post(PingResult(waiting.group, waiting.host, answered=True))

    def _unanswered(self, sequence: int) -> None:
        waiting = self._waiting.pop(sequence)
        self._post(PingResult(waiting.group, waiting.host, answered=False))
