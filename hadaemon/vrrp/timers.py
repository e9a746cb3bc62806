"""The intervals of RFC 9568 §6.1 and RFC 3768 §6.1: centiseconds on the wire, seconds in the daemon."""

import math

from hadaemon.vrrp.model import SECOND, Centiseconds, Priority, Version

_CENTISECONDS = 100

LONG_AGO = -math.inf
"""A moment that is over on every clock."""


def seconds(interval: Centiseconds) -> float:
    """The same interval in seconds."""
    return interval / _CENTISECONDS


def skew_time(
    priority: Priority, active_adver_interval: Centiseconds, version: Version = Version.V3
) -> float:
    """Skew_Time in seconds: the better, the sooner.

    Version 3: (256 - Priority) * Active_Adver_Interval / 256. Version 2: (256 - Priority) / 256.
    """
    scale = active_adver_interval if version is Version.V3 else SECOND
    return (256 - priority) * seconds(scale) / 256


def active_down_interval(
    priority: Priority, active_adver_interval: Centiseconds, version: Version = Version.V3
) -> float:
    """Active_Down_Interval in seconds: 3 * Active_Adver_Interval + Skew_Time."""
    return 3 * seconds(active_adver_interval) + skew_time(priority, active_adver_interval, version)
