"""HA interfaces on which nothing comes in from a node that says over the hotwire that it is active."""

from collections.abc import Iterable

from hadaemon.cluster.watched_port import WatchedPort
from hadaemon.status.node import Link
from hadaemon.status.peer import Peer
from hadaemon.vrrp.timers import LONG_AGO

LEAST = 5.0
"""Seconds: a node that has just become active is heard within a moment."""
_PAUSE = 0.5
"""Seconds from one look to the next: with many HA interfaces a look costs more than an advertisement."""


class Silence:
    """Kept by a backup. Times are monotonic seconds."""

    def __init__(self, interval: float) -> None:
        """`interval`: the longest Advertisement_Interval, in seconds."""
        self._patience = max(LEAST, 4 * interval)
        self._since: dict[str, float] = {}
        self._next_look = LONG_AGO
        self.ports: tuple[str, ...] = ()
        """Where the silence lasts, although both ends of the cable say that their link is up."""
        self.is_whole = False
        """Nothing comes in on any other interface either."""

    def note(self, ports: Iterable[WatchedPort], peer: Peer | None, now: float) -> None:
        """Looks again, if it is time. `peer`: the other node, if it is active and this one is backup."""
        if peer is None:
            self._since, self._next_look, self.ports, self.is_whole = {}, now, (), False
        elif now >= self._next_look:
            self._next_look = now + _PAUSE
            self._look(tuple(ports), peer, now)

    def _look(self, ports: tuple[WatchedPort, ...], peer: Peer, now: float) -> None:
        speaks = {name for name, usable in peer.links if usable}
        silent = [port for port in ports if not port.hears_now(now)]
        odd = dict.fromkeys(port.name for port in silent if port.link is Link.UP and port.name in speaks)
        self._since = {name: self._since.get(name, now) for name in odd}
        self.ports = tuple(name for name in odd if now - self._since[name] >= self._patience)
        self.is_whole = bool(self.ports) and len(silent) == len(ports)
