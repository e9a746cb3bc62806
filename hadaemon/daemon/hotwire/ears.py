"""What the other node says over the hotwire, and for how long it has said nothing: events for the engine."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from hadaemon.cluster import Event, PeerDied, PeerGoodbye
from hadaemon.daemon.throttle import Throttle
from hadaemon.hotwire.heartbeat import Heartbeat
from hadaemon.hotwire.message import DropReason, Life

log = logging.getLogger(__name__)

_DROP_LOG_PERIOD = 60.0


@dataclass(frozen=True, slots=True)
class Around:
    """Who is told what."""

    post: Callable[[Event], None]
    """Takes the events."""
    read_waiting: Callable[[], None]
    """Has what has arrived taken first: it may say what otherwise seems not to have been said."""
    introduced: Callable[[], None]
    """The other node has just begun."""
    silent: Callable[[], None]
    """It has fallen silent: what it has said until now is not to be believed when it comes late."""
    heard: Callable[[IPv4Address, Life], None]
    """It was believed, and said so from that address in that life."""


class Ears:
    """Over one life of the hotwire."""

    def __init__(
        self,
        heartbeat: Heartbeat,
        only: IPv4Address | None,
        loop: asyncio.AbstractEventLoop,
        around: Around,
    ) -> None:
        """`only`: the address from which the other node speaks; None: from any."""
        self._heartbeat = heartbeat
        self._only = only
        self._loop = loop
        self._around = around
        self._throttle = Throttle(_DROP_LOG_PERIOD)
        self._silence: asyncio.TimerHandle | None = None
        self.peer_address = only
        """From where it spoke last."""
        self.last_word = ""
        """How the peer ended, if it did: empty while it lives or is only silent."""

    def close(self) -> None:
        """No more silence is noticed."""
        if self._silence is not None:
            self._silence.cancel()

    def take(self, data: bytes, source: IPv4Address) -> None:
        """A datagram."""
        now = self._loop.time()
        if self._only is not None and source != self._only:
            self.dropped(DropReason.WRONG_SOURCE)
            return
        was_alive, dropped = self._heartbeat.alive, self._heartbeat.dropped
        events = self._heartbeat.receive(data, now)
        if self._heartbeat.dropped != dropped:
            self._log_drop(
                max(self._heartbeat.dropped_at, key=lambda reason: self._heartbeat.dropped_at[reason])
            )
        if self._heartbeat.take_introduction():
            self._around.introduced()
        for event in events:
            self._believed(event, source, was_alive)

    def _believed(self, event: Event, source: IPv4Address, was_alive: bool) -> None:
        life = self._heartbeat.peer_life
        if isinstance(event, PeerGoodbye):
            self._note_end(event.reason)
        elif life is not None:
            self.last_word = ""
            self.peer_address = source
            if not was_alive:
                log.info("hotwire: %s is heard", self._heartbeat.peer_name)
            self._around.heard(source, life)
            self._watch_silence()
        self._around.post(event)

    def _watch_silence(self) -> None:
        deadline = self._heartbeat.next_deadline
        if self._silence is None and deadline is not None:
            self._silence = self._loop.call_at(deadline, self._perhaps_silent)

    def _perhaps_silent(self) -> None:
        """The timer is not moved with each heartbeat: it looks again when it comes."""
        self._silence = None
        self._around.read_waiting()
        for event in self._heartbeat.tick(self._loop.time()):
            log.warning("hotwire: %s is silent", self._heartbeat.peer_name)
            self._around.silent()
            self._around.post(event)
        self._watch_silence()

    def died(self, life: Life) -> None:
        """The connection to that life of the other node's daemon has ended without a word."""
        self._around.read_waiting()  # What it said before it died comes first.
        if self._heartbeat.end_life(life):
            self._note_end("its daemon died")
            self._around.post(PeerDied())

    def left(self, life: Life, reason: str) -> None:
        """That life has said goodbye."""
        if self._heartbeat.end_life(life):
            self._note_end(reason)
            self._around.post(PeerGoodbye(reason))

    def _note_end(self, reason: str) -> None:
        self.last_word = reason
        log.info("hotwire: %s is gone: %s", self._heartbeat.peer_name, reason)

    def dropped(self, reason: DropReason) -> None:
        """A message that nobody believes."""
        self._heartbeat.drop(reason, self._loop.time())
        self._log_drop(reason)

    def _log_drop(self, reason: DropReason) -> None:
        count = self._throttle.count(reason, self._loop.time())
        if count:
            log.warning("hotwire: dropped %d messages: %s", count, reason)
