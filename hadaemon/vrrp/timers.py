"""The intervals of RFC 9568 §6.1. On the wire they are centiseconds; the daemon's clock counts seconds."""

from hadaemon.vrrp.model import Centiseconds, Priority

_CENTISECONDS = 100


def seconds(interval: Centiseconds) -> float:
    """The same interval in seconds."""
    return interval / _CENTISECONDS


def skew_time(priority: Priority, active_adver_interval: Centiseconds) -> float:
    """Skew_Time in seconds: (256 - Priority) * Active_Adver_Interval / 256. The better, the sooner."""
    return (256 - priority) * active_adver_interval / 256 / _CENTISECONDS


def active_down_interval(priority: Priority, active_adver_interval: Centiseconds) -> float:
    """Active_Down_Interval in seconds: 3 * Active_Adver_Interval + Skew_Time."""
    return 3 * seconds(active_adver_interval) + skew_time(priority, active_adver_interval)
