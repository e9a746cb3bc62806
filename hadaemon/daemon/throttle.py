"""Log lines that come too often are counted instead."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    last_line_at: float
    count: int


class Throttle:
    """At most one line a period and key. Keys must be few: they are kept for ever."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._buckets: dict[Hashable, _Bucket] = {}

    def count(self, key: Hashable, now: float) -> int:
        """Counts one occurrence. The number of them since the last line, when one is due; else 0."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = _Bucket(last_line_at=now, count=0)
            return 1
        bucket.count += 1
        if now - bucket.last_line_at < self._period:
            return 0
        count, bucket.count, bucket.last_line_at = bucket.count, 0, now
        return count
