"""What one way out has been told, held against what is true: the difference is what is due.

Level-triggered: what was raised and cleared while nothing could be sent is not sent at all, and a message
that got lost is made anew. In memory only: a restart forgets what was told, so that alarms that last are told
again.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hadaemon.alarms.model import Alarm
from hadaemon.problems import Severity
from hadaemon.problems.kinds import TEST

MAX_WAITING = 100
"""Events and cleared alarms that wait; the oldest goes first."""
FIRST_RETRY = 5.0
LAST_RETRY = 900.0
"""Seconds from a failure to the next attempt, twice as long each time, and never longer than this."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a way takes."""

    at_once: int
    """Alarms in one message."""
    burst: int
    """Messages that may go at once."""
    period: float
    """Seconds for each message after that."""


WEBHOOK_PACE = Pace(1, 20, 3.0)
MAIL_PACE = Pace(50, 3, 60.0)


@dataclass(frozen=True, slots=True)
class Notice:
    """One alarm to tell of."""

    alarm: Alarm
    reminder: bool = False


@dataclass(slots=True)
class Outbox:
    """One way. `now` is monotonic seconds."""

    pace: Pace
    minimum: Severity = Severity.WARNING
    reminder: float = 0.0
    """Seconds; 0: none."""
    failure: str = ""
    """Why the last attempt failed; empty: it did not."""
    lost: int = 0
    """What had to go for want of room."""
    _active: dict[Key, Alarm] = field(default_factory=dict)
    _last_sent: dict[Key, tuple[Alarm, float]] = field(default_factory=dict)
    """As it was told last, and when."""
    _waiting: deque[Alarm] = field(default_factory=deque)
    """Events, in their order."""
    _seen: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=2 * MAX_WAITING))
    """Events that were taken, so that none is told twice."""
    _over: dict[Key, Alarm] = field(default_factory=dict)
    """How alarms that were told have ended."""
    _quiet: bool = False
    _time: str = ""
    _failures: int = 0
    _next_at: float = 0.0
    _tokens: float | None = None
    _tokens_at: float = 0.0

    def take(self, active: Sequence[Alarm], recent: Sequence[Alarm], time: str, quiet: bool = False) -> None:
        """What is true now, at `time` by the node's clock. `quiet`: the other node tells what both see."""
        self._time, self._quiet = time, quiet
        self._active = {alarm.key: alarm for alarm in active if self._wanted(alarm)}
        for alarm in recent:
            if alarm.event:
                self._take_event(alarm)
            elif alarm.key in self._last_sent:
                self._over[alarm.key] = alarm

    def due(self, now: float) -> tuple[Notice, ...]:
        """What to send now, in one message; nothing: wait for `next_at`."""
        if now < self._next_at or self._allowance(now) < 1:
            return ()
        return self._pending(now)[: self.pace.at_once]

    def next_at(self, now: float) -> float | None:
        """When to look again; None: when something changes."""
        if self._pending(now):
            missing = max(0.0, 1 - self._allowance(now)) * self.pace.period
            return max(self._next_at, now + missing)
        if not self.reminder or not self._last_sent:
            return None
        return min(at for _, at in self._last_sent.values()) + self.reminder

    def sent(self, notices: Sequence[Notice], now: float) -> None:
        """They have arrived."""
        self._failures, self._next_at, self.failure = 0, now, ""
        self._tokens, self._tokens_at = self._allowance(now) - 1, now
        for alarm in (notice.alarm for notice in notices):
            if alarm.event:
                self._waiting = deque(each for each in self._waiting if each != alarm)
            elif alarm.cleared_at is None:
                self._last_sent[alarm.key] = alarm, now
            else:
                self._last_sent.pop(alarm.key, None)
                self._over.pop(alarm.key, None)

    def failed(self, why: str, now: float, jitter: float) -> None:
        """They have not. `jitter` is random, from 0 to 1: two nodes do not knock in step."""
        self.failure = why
        pause = min(LAST_RETRY, FIRST_RETRY * 2 ** min(self._failures, 16))
        self._failures += 1
        self._next_at = now + pause * (0.75 + 0.25 * jitter)

    @property
    def waiting(self) -> int:
        """How much is to be sent, reminders aside."""
        return len(self._pending(float("-inf")))

    def _take_event(self, alarm: Alarm) -> None:
        mark = alarm.kind, alarm.resource, alarm.raised_at
        if mark in self._seen or alarm.kind == TEST.word or not alarm.severity.reaches(self.minimum):
            return
        self._seen.append(mark)
        self._waiting.append(alarm)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1

    def _pending(self, now: float) -> tuple[Notice, ...]:
        found = [
            Notice(self._ended(sent)) for key, (sent, _) in self._last_sent.items() if key not in self._active
        ]
        for key, alarm in self._active.items():
            sent, at = self._last_sent.get(key, (None, now))
            if sent is None or (sent.raised_at, sent.severity) != (alarm.raised_at, alarm.severity):
                found.append(Notice(alarm))
            elif self.reminder and now - at >= self.reminder and not (alarm.pair and self._quiet):
                found.append(Notice(alarm, reminder=True))
        found += [Notice(alarm) for alarm in self._waiting]
        return tuple(found)

    def _ended(self, sent: Alarm) -> Alarm:
        over = self._over.get(sent.key)
        if over is not None and over.raised_at == sent.raised_at:
            return over
        return replace(sent, cleared_at=self._time)  # It lasts, and is less bad than what is sent.

    def _wanted(self, alarm: Alarm) -> bool:
        """What was told here is cleared here, whoever is active then."""
        others = self._quiet and alarm.pair and alarm.key not in self._last_sent
        return alarm.severity.reaches(self.minimum) and not others

    def _allowance(self, now: float) -> float:
        """Messages that may go: a bucket that fills by one each period."""
        if self._tokens is None:
            return float(self.pace.burst)
        return min(float(self.pace.burst), self._tokens + (now - self._tokens_at) / self.pace.period)
