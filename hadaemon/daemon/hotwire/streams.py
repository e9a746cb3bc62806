"""The connections between the two daemons. One counts, any number may try, and few are let."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.hotwire.message import Dropped, DropReason, Kind, Life
from hadaemon.hotwire.stream import CHALLENGE_SIZE, Carried, Confirmed, Left, Paused, Stream, StreamEvent
from hadaemon.io.errors import PortError
from hadaemon.io.packets.hotwire_sockets import Broken, Connection, Listener

log = logging.getLogger(__name__)

MAX_PIECES = 4
"""That are sent at once: 4.8 kB, where the smallest buffer has 16."""
_MAX_UNCONFIRMED = 4
_PATIENCE = 2.0
"""Seconds in which the other end must have proved who it is."""
_RETRY = 0.5
"""Seconds between two attempts to connect."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what."""

    died: Callable[[Life], None]
    """The system of the peer closed the connection of that life of its daemon: it is dead."""
    left: Callable[[Life, str], None]
    """The peer left on purpose."""
    dropped: Callable[[DropReason], None]
    carried: Callable[[bytes], None]
    """A piece of what this node needs to take over."""


class _Line:
    """One connection and the talk on it."""

    def __init__(self, connection: Connection, stream: Stream) -> None:
        self.connection = connection
        self.stream = stream
        self.timeout: asyncio.TimerHandle | None = None

    @property
    def life(self) -> Life | None:
        return self.stream.confirmed.life if self.stream.confirmed is not None else None


class Streams:
    """Listens at both ends; the end with the greater address also connects."""

    def __init__(
        self,
        index: int,
        own: IPv4Address,
        make: Callable[[bytes], Stream],
        watcher: Watcher,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`make` makes our end of a talk from a fresh challenge. Raises PortError."""
        self._index = index
        self._own = own
        self._make = make
        self._watcher = watcher
        self._loop = loop
        self._lines: set[_Line] = set()
        self._next_try = 0.0
        self._expected: IPv4Address | None = None
        self._listener = Listener(index, own)
        loop.add_reader(self._listener.fileno(), self._accept)

    @property
    def connected(self) -> bool:
        """The peer is at the other end of a connection, and has proved it."""
        return any(line.life is not None for line in self._lines)

    @property
    def peer_life(self) -> Life | None:
        """Which life of the peer's daemon is at the other end of a connection; None: none."""
        return next((line.life for line in self._lines if line.life is not None), None)

    def carry(self, pieces: Sequence[bytes]) -> bool:
        """Sends some pieces of what the peer needs to take over, so few that they fit any buffer: an end in
        the middle of one would look like a death. False: not now."""
        line = next((line for line in self._lines if line.life is not None), None)
        if line is None or not line.connection.idle:
            return False
        for piece in pieces[:MAX_PIECES]:
            self._send(line, line.stream.carry(piece))
        return line in self._lines

    def peer_heard(self, peer: IPv4Address, life: Life) -> None:
        """The peer lives there: connections of its former lives are of no use, and one may be needed."""
        self._expected = peer
        for line in [line for line in self._lines if line.life not in (None, life)]:
            self._close(line)
        if not self._lines and self._own > peer and self._loop.time() >= self._next_try:
            self._next_try = self._loop.time() + _RETRY
            self._connect(peer)

    def close(self, kind: Kind, reason: str = "") -> None:
        """Ends every connection with a word, so that nobody takes us for dead."""
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()
        for line in tuple(self._lines):
            self._close(line, kind, reason)

    def _accept(self) -> None:
        accepted = self._listener.accept()
        if accepted is None:
            return
        connection, source = accepted
        unconfirmed = sum(line.life is None for line in self._lines)
        if (self._expected is not None and source != self._expected) or unconfirmed >= _MAX_UNCONFIRMED:
            self._watcher.dropped(DropReason.WRONG_SOURCE)
            connection.close()
            return
        self._begin(self._line(connection))

    def _connect(self, peer: IPv4Address) -> None:
        try:
            connection = Connection.open(self._index, self._own, peer)
        except PortError as error:
            log.debug("%s", error)
            return
        line = self._line(connection)
        self._loop.add_writer(connection.fileno(), self._opened, line)

    def _line(self, connection: Connection) -> _Line:
        line = _Line(connection, self._make(secrets.token_bytes(CHALLENGE_SIZE)))
        line.timeout = self._loop.call_later(_PATIENCE, self._close, line)
        self._lines.add(line)
        return line

    def _opened(self, line: _Line) -> None:
        self._loop.remove_writer(line.connection.fileno())
        try:
            line.connection.check()
        except Broken:
            self._close(line)
        else:
            self._begin(line)

    def _begin(self, line: _Line) -> None:
        self._loop.add_reader(line.connection.fileno(), self._readable, line)
        self._send(line, line.stream.opening())

    def _send(self, line: _Line, data: bytes) -> None:
        try:
            line.connection.send(data)
        except Broken:
            self._close(line)

    def _readable(self, line: _Line) -> None:
        try:
            data = line.connection.receive()
            if data is None:
                return
            if not data:
                self._ended(line)
                return
            reply, events = line.stream.feed(data)
        except Broken:
            # A reset may come from a system that has started anew: its heartbeats tell.
            self._close(line)
            return
        except Dropped as dropped:
            self._watcher.dropped(dropped.reason)
            self._close(line)
            return
        if reply:
            self._send(line, reply)
        for event in events:
            self._take(line, event)

    def _take(self, line: _Line, event: StreamEvent) -> None:
        match event:
            case Confirmed():
                if line.timeout is not None:
                    line.timeout.cancel()
            case Left(reason):
                if line.life is not None:
                    self._watcher.left(line.life, reason)
            case Carried(piece):
                self._watcher.carried(piece)
            case Paused():
                pass  # The end of the connection that follows means nothing more.

    def _ended(self, line: _Line) -> None:
        life, finished = line.life, line.stream.finished
        self._close(line)
        if life is not None and not finished:
            self._watcher.died(life)

    def _close(self, line: _Line, kind: Kind = Kind.PAUSE, reason: str = "") -> None:
        if line not in self._lines:
            return
        self._lines.discard(line)
        if line.timeout is not None:
            line.timeout.cancel()
        self._loop.remove_reader(line.connection.fileno())
        self._loop.remove_writer(line.connection.fileno())
        farewell = line.stream.farewell(kind, reason)
        if farewell:
            try:
                line.connection.send(farewell)
            except Broken:
                log.debug("hotwire: a connection ends without a farewell")
        line.connection.close()
