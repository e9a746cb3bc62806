"""Listens on the ports whose links are not proven yet, and on no other: a proven link costs nothing."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from hadaemon.cluster import Event, FrameReceived
from hadaemon.io.errors import PortError
from hadaemon.io.kernel.links import Link
from hadaemon.io.packets.frame_watch import FrameWatch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ear:
    index: int
    """Of the link that it listens on."""
    watch: FrameWatch


class LinkWatch:
    """The first frame on a port becomes a FrameReceived."""

    def __init__(
        self,
        link_of: Callable[[str], Link | None],
        loop: asyncio.AbstractEventLoop,
        post: Callable[[Event], None],
    ) -> None:
        self._link_of = link_of
        self._loop = loop
        self._post = post
        self._ears: dict[str, _Ear] = {}
        self._refused: set[str] = set()
        """Could not be listened on: their doubt ends by time alone."""

    def follow(self, ports: frozenset[str]) -> None:
        """Listens on exactly these ports, as far as they are there."""
        if not ports and not self._ears:
            return
        self._refused &= ports
        for name in self._ears.keys() | ports:
            link = self._link_of(name) if name in ports else None
            ear = self._ears.get(name)
            if ear is not None and (link is None or link.index != ear.index):
                self._stop(name)
            if link is not None and name not in self._ears and name not in self._refused:
                self._listen(name, link)

    def close(self) -> None:
        """Listens no more."""
        for name in tuple(self._ears):
            self._stop(name)

    def _listen(self, name: str, link: Link) -> None:
        try:
            watch = FrameWatch(link.name)
        except PortError as error:
            log.warning("port %s: %s", name, error)
            self._refused.add(name)
            return
        self._ears[name] = _Ear(link.index, watch)
        self._loop.add_reader(watch.fileno(), self._readable, name, watch)

    def _stop(self, name: str) -> None:
        watch = self._ears.pop(name).watch
        self._loop.remove_reader(watch.fileno())
        watch.close()

    def _readable(self, name: str, watch: FrameWatch) -> None:
        if watch.has_frame():
            self._post(FrameReceived(name))
