"""The leases of the DHCP server: told to the other node while this one is active, kept while it is not.

The newest list that this node knows, its own or the other node's, is in the daemon's folder over reboots, and
in its volatile one for the unit of the server, which begins with it.
"""

import asyncio
import logging
import os
import time
from pathlib import Path

from hadaemon.daemon.background import Background
from hadaemon.daemon.hotwire.side import HotwireSide
from hadaemon.daemon.hotwire.streams import MAX_PIECES
from hadaemon.errors import HadaemonError
from hadaemon.follow.leases import MAX_TEXT, Arriving, LeasesError, arrived, leaving, pieces
from hadaemon.hotwire.message import Life
from hadaemon.io.store.files import read_text, write_text

log = logging.getLogger(__name__)

FILE = "dhcp-leases"
_MODE = 0o644
"""The server's user reads it."""


class Leases:
    """Both directions. Nothing here waits for a disk."""

    def __init__(self, server: Path, own: Path, run: Path, background: Background) -> None:
        """`server`: dnsmasq's file; `own`, `run`: the daemon's folders."""
        self._server, self._kept, self._offered = server, own / FILE, run / FILE
        self._background = background
        self._arriving = Arriving()
        self._stamp: tuple[int, int] | None = None
        self._serial = 0
        self._waiting: tuple[bytes, ...] = ()
        self._all: tuple[bytes, ...] = ()
        self._peer_life: Life | None = None
        self.taking = False
        """This node is not active: what the other one tells counts."""
        background.do("leases", self._offer_kept)

    async def follow(self, hotwire: HotwireSide) -> None:
        """While active: what has changed since the last call, to the other node."""
        try:
            stat = self._server.stat()
        except OSError:
            return
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            text = await asyncio.to_thread(read_text, self._server, MAX_TEXT) or ""
            self._stamp = stamp
            self._serial += 1
            self._all = self._waiting = pieces(leaving(text, time.time()), self._serial)
            self._keep(text)
        self._tell(hotwire)

    def _tell(self, hotwire: HotwireSide) -> None:
        life = hotwire.peer_life
        if life != self._peer_life:
            self._peer_life, self._waiting = life, self._all
        if life is not None and self._waiting and hotwire.carry(self._waiting[:MAX_PIECES]):
            self._waiting = self._waiting[MAX_PIECES:]

    @property
    def waiting(self) -> bool:
        """There is more to tell."""
        return bool(self._waiting) and self._peer_life is not None

    def take(self, piece: bytes) -> None:
        """The other node told something."""
        try:
            text = self._arriving.take(piece)
        except LeasesError as error:
            log.warning("leases of the other node: %s", error)
            return
        if text is not None and self.taking:
            self._stamp = None
            self._keep(arrived(text, time.time()))

    def _keep(self, text: str) -> None:
        def work() -> None:
            for path in (self._kept, self._offered):
                write_text(path, text, _MODE)

        self._background.do("leases", work)

    def _offer_kept(self) -> None:
        """At the start: with the time at which it was written, because the server's own may be newer."""
        text = read_text(self._kept, MAX_TEXT)
        if text is None or self._offered.exists():
            return
        try:
            stat = self._kept.stat()
            write_text(self._offered, text, _MODE)
            os.utime(self._offered, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
        except OSError as error:
            raise HadaemonError(f"{self._offered}: {os.strerror(error.errno or 0)}") from error
