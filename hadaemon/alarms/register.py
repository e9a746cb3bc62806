"""Problems that come and go become alarms: raised once, kept while they flap, cleared when over."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hadaemon.alarms.model import SCHEMA, Alarm, as_json, from_json
from hadaemon.problems import Problem
from hadaemon.problems.kinds import BY_WORD

MAX_ACTIVE = 200
"""Alarms at a time; more than that is one problem seen many times."""
MAX_RECENT = 100
"""Cleared alarms and events that are remembered."""
MAX_TEXT = 500
"""Characters."""
FLAPS = 3
"""Raised so often within `FLAP_WINDOW`, and an alarm takes `FLAP_PATIENCE` times as long to be cleared."""
FLAP_WINDOW = 3600.0
FLAP_PATIENCE = 20.0

Key = tuple[str, str]


@dataclass(slots=True)
class _Watch:
    """One key. Times are monotonic seconds."""

    since: float
    """The problem has been there without a break since then."""
    last: float
    """When it was last seen."""
    alarm: Alarm | None = None


@dataclass(slots=True)
class AlarmRegister:
    """All alarms of a node. Only `update` and `happened` change anything; `now` is monotonic seconds, `time`
    the node's clock as ISO 8601."""

    _watched: dict[Key, _Watch] = field(default_factory=dict)
    _raised: dict[Key, deque[float]] = field(default_factory=dict)
    _recent: deque[Alarm] = field(default_factory=lambda: deque(maxlen=MAX_RECENT))

    @property
    def active(self) -> tuple[Alarm, ...]:
        """The oldest first."""
        found = (watch.alarm for watch in self._watched.values() if watch.alarm is not None)
        return tuple(sorted(found, key=lambda alarm: alarm.raised_at))

    @property
    def recent(self) -> tuple[Alarm, ...]:
        """Cleared alarms and events, the oldest first."""
        return tuple(self._recent)

    def update(self, present: Iterable[Problem], now: float, time: str) -> tuple[Alarm, ...]:
        """What is to be told: raised, worse or better than before, or cleared."""
        changed = []
        for problem in present:
            found = self._seen(problem, now, time)
            if found is not None:
                changed.append(found)
        for key, watch in tuple(self._watched.items()):
            if watch.last < now and (watch.alarm is None or now - watch.last >= self._patience(key, now)):
                del self._watched[key]
                if watch.alarm is not None:
                    over = replace(watch.alarm, cleared_at=time)
                    self._recent.append(over)
                    changed.append(over)
        return tuple(changed)

    def happened(self, event: Alarm) -> None:
        """Something that does not last."""
        self._recent.append(event)

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {
            "schema": SCHEMA,
            "active": [as_json(alarm) for alarm in self.active],
            "recent": [as_json(alarm) for alarm in self._recent],
        }

    def _seen(self, problem: Problem, now: float, time: str) -> Alarm | None:
        key = problem.kind.word, problem.resource
        watch = self._watched.get(key)
        if watch is None:
            if len(self._watched) >= MAX_ACTIVE:
                return None
            watch = self._watched[key] = _Watch(now, now)
        watch.last = now
        severity, text = problem.severity, problem.text[:MAX_TEXT]
        if watch.alarm is not None:
            worse = severity is not watch.alarm.severity
            watch.alarm = replace(watch.alarm, severity=severity, text=text)
            return watch.alarm if worse else None
        if now - watch.since < problem.kind.raise_after:
            return None
        watch.alarm = Alarm(*key, severity, text, time, pair=problem.kind.pair)
        self._raised.setdefault(key, deque(maxlen=FLAPS)).append(now)
        return watch.alarm

    def _patience(self, key: Key, now: float) -> float:
        patience = BY_WORD[key[0]].clear_after
        raised = self._raised.get(key)
        flaps = raised is not None and len(raised) == FLAPS and now - raised[0] <= FLAP_WINDOW
        return patience * FLAP_PATIENCE if flaps else patience


def restored(raw: object, now: float) -> AlarmRegister:
    """As the file has it: what was raised is raised still, until it is seen to be over. Damaged: nothing."""
    register = AlarmRegister()
    if not isinstance(raw, Mapping) or raw.get("schema") != SCHEMA:
        return register
    for alarm in _alarms(raw.get("active"))[:MAX_ACTIVE]:
        if alarm.kind in BY_WORD:
            register._watched[alarm.key] = _Watch(now, now, alarm)
    register._recent.extend(_alarms(raw.get("recent")))
    return register


def _alarms(raw: object) -> list[Alarm]:
    items = raw if isinstance(raw, list) else []
    return [alarm for item in items if (alarm := from_json(item)) is not None]
