"""The alarms, as `hactl alarms` tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hadaemon.alarms.model import Alarm, State
from hadaemon.status.flat import FLAT


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """One alarm, and what it is known by."""

    id: str
    """The same in each message about it."""
    alarm: Alarm = field(metadata=FLAT)
    state: State


@dataclass(frozen=True, slots=True)
class WayStatus:
    """One way out for alarms."""

    waiting: int
    """Messages that are not sent yet."""
    lost: int
    """Messages that were given up, because there were too many."""
    failure: str
    """Why the last attempt failed; empty: it did not."""
    sent_at: str | None
    """When something was sent last, ISO 8601 in UTC; None: not since the start."""


@dataclass(frozen=True, slots=True)
class AlarmsStatus:
    """What is wrong for how long, what was, and how sending goes."""

    active: tuple[AlarmStatus, ...] = ()
    recent: tuple[AlarmStatus, ...] = ()
    """What is over, the newest last."""
    ways: Mapping[str, WayStatus] | None = None
    """By name; None: nobody is to be told."""
