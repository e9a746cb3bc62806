"""Bounds of the sequences that were heard, ahead of them: what is worth storing on a disk. Pure.

A disk cannot be written for each advertisement. So what is stored runs ahead of what was heard by one step,
and is stored anew before it is reached. Whoever starts from it accepts nothing that was recorded before,
and does not hear a sender that goes on until that sender has passed its bound: for one step at most.

Two kinds of senders advance differently. Ours count what they send, within an epoch. keepalived has the time
in its sequence, so that the epoch is a second and the rest a fraction of it.
"""

import math
from dataclasses import dataclass

from hadaemon.vrrp.authentication import NO_MARKS, Marks, Sender, distance, is_newer
from hadaemon.vrrp.timers import LONG_AGO

STEP = 10.0
"""Seconds that a sender needs for one step. A node whose power was cut boots in not much less; the disk is
written every three quarters of it."""

_MIN_ROUNDS = 2
"""A step has at least so many advertisements of each virtual router: so few that losing them lets no backup
take over."""

_EPOCH = 1 << 32
_MAX_RATE = 1 << 14
"""More advertisements a second than any node of ours sends."""
_TICK = 2.0
"""Seconds after which the epoch of a sender with a clock has changed."""


@dataclass(frozen=True, slots=True)
class BoundStep:
    """How far a sender that counts may go before its bound is stored anew."""

    ahead: int
    """Advertisements that an active node sends in STEP seconds."""
    round: int
    """Advertisements that it sends in one Advertisement_Interval, one of each virtual router."""


def step_of(routers: int, interval: float) -> BoundStep:
    """Of a cluster with so many virtual routers; `interval`: its Advertisement_Interval in seconds."""
    return BoundStep(routers * max(_MIN_ROUNDS, math.ceil(STEP / interval)), routers)


@dataclass(slots=True)
class _Heard:
    """What is known of one sender."""

    sequence: int
    at: float = LONG_AGO
    """When it was heard last."""
    epoch_at: float = LONG_AGO
    """When its epoch was another one for the last time."""
    bound: int | None = None
    by_clock: bool = False


class Bounds:
    """The bounds of all senders."""

    def __init__(self, step: BoundStep, marks: Marks = NO_MARKS) -> None:
        """`marks`: what is known of the time before."""
        self.step = step
        self._heard = {sender: _Heard(sequence) for sender, sequence in marks.items()}

    @property
    def marks(self) -> Marks:
        """The last sequence of each sender."""
        return {sender: heard.sequence for sender, heard in self._heard.items()}

    def is_news(self, sender: Sender, sequence: int) -> bool:
        """Whether the sender was never heard of, or not so far."""
        heard = self._heard.get(sender)
        return heard is None or is_newer(sequence, heard.sequence)

    def advance(self, sender: Sender, sequence: int, now: float) -> bool:
        """News of a sender; `now` in seconds of a clock that never goes back. True: time to `reserve`."""
        heard = self._heard.setdefault(sender, _Heard(sequence, now, now))
        _note_kind(heard, sequence, now)
        heard.sequence, heard.at = sequence, now
        if heard.bound is None:
            return True
        ahead = self._ahead(heard)
        return not max(self.step.round, ahead // 4) <= distance(heard.bound, heard.sequence) <= ahead

    def reserve(self) -> Marks:
        """The bounds to store from now on."""
        for heard in self._heard.values():
            heard.bound = (heard.sequence + self._ahead(heard)) % (1 << 64)
        return {sender: heard.bound for sender, heard in self._heard.items() if heard.bound is not None}

    def _ahead(self, heard: _Heard) -> int:
        return math.ceil(STEP) * _EPOCH if heard.by_clock else self.step.ahead


def _note_kind(heard: _Heard, sequence: int, now: float) -> None:
    """An epoch of ours begins to count from 0; a fraction of a second is nearly always more than ours could
    have counted since the sender was heard last."""
    if sequence // _EPOCH != heard.sequence // _EPOCH:
        heard.by_clock = sequence % _EPOCH > _MAX_RATE * (1 + now - heard.at)
        heard.epoch_at = now
    elif now - heard.epoch_at > _TICK:
        heard.by_clock = False
