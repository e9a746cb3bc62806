"""The witness channel of the simulated world, one direction: as the edge will run it over the hotwire.

A node tells what it is at each change and at every heartbeat, in order; missed heartbeats are silence.
"""

from hadaemon.cluster import Peer

HEARTBEAT = 0.1
"""Seconds at most between two words; an Advertisement_Interval if that is less."""

MISSED = 3
"""Heartbeats without a word are silence."""


class Line:
    """Times are the world's."""

    def __init__(self, interval: float) -> None:
        self.heartbeat = min(HEARTBEAT, interval)
        self.last: Peer | None = None
        self.said_at = 0.0
        self.heard_at: float | None = None
        """When something arrived last; None: nothing yet, or the silence has been noticed."""
        self.arrives = 0.0
        """When the last word on its way arrives: no other overtakes it."""

    def is_news(self, peer: Peer, now: float) -> bool:
        return peer != self.last or now - self.said_at >= self.heartbeat

    def is_silent(self, now: float) -> bool:
        return self.heard_at is not None and now - self.heard_at >= MISSED * self.heartbeat
