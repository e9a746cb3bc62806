"""The cable between the two: what each node says over it arrives in order, and missing words are silence.

A node tells what it is at each change and at every heartbeat.
"""

import random
from collections.abc import Callable

from hadaemon.cluster import Event, Peer, PeerReport
from tests.unit.cluster.pair import ALPHA, BETA

from .agenda import Agenda

NODES = (ALPHA, BETA)
"""Whom it connects."""

HEARTBEAT = 0.1
"""Seconds at most between two words; an Advertisement_Interval if that is less."""

MISSED = 3
"""Heartbeats without a word are silence."""


def other(name: str) -> str:
    """At the other end of the cable."""
    return BETA if name == ALPHA else ALPHA


class Line:
    """What one node sends over it. Times are the world's."""

    def __init__(self, heartbeat: float) -> None:
        self._heartbeat = heartbeat
        self.last: Peer | None = None
        self.said_at = 0.0
        self.heard_at: float | None = None
        """When something arrived last; None: nothing yet, or the silence has been noticed."""
        self.arrives = 0.0
        """When the last word on its way arrives: no other overtakes it."""

    def is_news(self, peer: Peer, now: float) -> bool:
        return peer != self.last or now - self.said_at >= self._heartbeat

    def is_silent(self, now: float) -> bool:
        return self.heard_at is not None and now - self.heard_at >= MISSED * self._heartbeat


class Hotwire:
    """Both directions."""

    def __init__(self, agenda: Agenda, dice: random.Random, delay: float, interval: float) -> None:
        """`interval`: Advertisement_Interval; `delay`: how long a word is under way at most; in seconds."""
        self._agenda, self._dice, self._delay = agenda, dice, delay
        self.heartbeat = min(HEARTBEAT, interval)
        self.whole = True
        self.mute: str | None = None
        """Whose words get lost on it, while its links are up: it passes one way only."""
        self._lines = {name: Line(self.heartbeat) for name in NODES}

    @property
    def passes_both_ways(self) -> bool:
        return self.whole and self.mute is None

    def connect_anew(self, name: str) -> None:
        """That node has read its configuration again: it has heard nothing yet, and said nothing."""
        self._lines[other(name)].heard_at = None
        self._lines[name].last = None

    def say(self, peer: Peer, arrive: Callable[[str, Event], bool]) -> None:
        """What a node is, if that is news; `arrive` is called with who hears it, and what, and tells whether
        that was not lost."""
        line = self._lines[peer.name]
        if line.is_news(peer, self._agenda.now):
            line.last, line.said_at = peer, self._agenda.now
            self.send(peer.name, PeerReport(peer), arrive)

    def send(self, sender: str, event: Event, arrive: Callable[[str, Event], bool]) -> None:
        """In order, as over a connection."""
        if not self.whole or sender not in NODES or sender == self.mute:
            return
        line = self._lines[sender]

        def come() -> None:
            if self.whole and arrive(other(sender), event):
                line.heard_at = self._agenda.now if isinstance(event, PeerReport) else None

        line.arrives = max(line.arrives + 1e-6, self._agenda.now + self._dice.uniform(0, self._delay))
        self._agenda.at(line.arrives, come)

    def stood_still(self, listener: str, seconds: float) -> None:
        """That node's clock did: what it has heard is no older for it."""
        line = self._lines[other(listener)]
        if line.heard_at is not None:
            line.heard_at = min(line.heard_at + seconds, self._agenda.now)

    def notices_silence(self, listener: str) -> bool:
        """True once after the last heartbeat of the other node."""
        line = self._lines[other(listener)]
        if not line.is_silent(self._agenda.now):
            return False
        line.heard_at = None
        return True
