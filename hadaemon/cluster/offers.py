"""When an active node hands over by itself: its peer says over the hotwire that it is the better one."""

from hadaemon.cluster.election import SWITCH_PATIENCE
from hadaemon.vrrp.timers import LONG_AGO

RETRY = 5.0
"""Seconds between a hand-over that nobody took and the next one."""


class Offers:
    """The patience of an active node that has become the worse one."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        """When to hand over; None: there is no reason to."""
        self._not_before = LONG_AGO

    def is_due(self, healthier: bool, asks: bool, now: float) -> bool:
        """`healthier`: the peer is healthier; `asks`: it has been the better one for some time, and wants to
        take over."""
        if not healthier and not asks:
            self.deadline = None
            return False
        latest = max(now if asks else now + SWITCH_PATIENCE, self._not_before)
        self.deadline = latest if self.deadline is None else min(self.deadline, latest)
        return self.deadline <= now

    def failed(self, now: float) -> None:
        self.deadline = None
        self._not_before = now + RETRY

    def end(self) -> None:
        """The node is no longer active, or has just become active."""
        self.deadline = None
