"""Counts by its reason what the kernel's filter keeps from the daemon: a foreign router, another version.

Only a few packets a second are looked at, so that a flood costs no more than that.
"""

import asyncio
from collections.abc import Callable

from hadaemon.io.packets.vrrp_socket import VrrpSocket
from hadaemon.vrrp import Admission, DiscardReason, IPAddress

LOOKED_AT = 16
"""Packets of one socket in each look."""
PAUSE = 1.0
"""Seconds between two looks."""


class Refused:
    """One socket that is given what another one is not."""

    def __init__(
        self,
        socket: VrrpSocket,
        admission: Admission,
        loop: asyncio.AbstractEventLoop,
        count: Callable[[IPAddress, DiscardReason], None],
    ) -> None:
        """`socket`, which becomes ours, has the filter of `admission` turned round."""
        self._socket = socket
        self._admission = admission
        self._loop = loop
        self._count = count
        self._pause: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Looks no more, and closes the socket."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket.fileno(), self._look)

    def _look(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._pause = self._loop.call_later(PAUSE, self._listen)
        for packet in tuple(self._socket.receive(LOOKED_AT)):
            reason = self._admission.refusal(packet.payload, packet.destination, packet.ttl)
            if reason is not None:
                self._count(packet.source, reason)
