"""One unit, kept as it should be: what to do about it, when, and what to tell. Pure.

Level-triggered: each look says how the unit is, whoever made it so. Nothing waits for a unit: what takes too
long to stop is killed, what does not run is started again and again, ever more slowly.
"""

from dataclasses import dataclass
from enum import StrEnum

from hadaemon.follow.follower import Follower
from hadaemon.status.service_phase import Phase

START_PATIENCE = 30.0
"""Seconds that a start may take until it is a problem."""
FIRST_RETRY = 1.0
"""Seconds until a unit that ended or would not start is started again: doubled each time, up to its longest
pause."""
STABLE = 60.0
"""Seconds after which a unit that runs counts as well again."""
FALL = 3
"""So many failures, without having run for STABLE in between, and it has failed."""
STOP_RETRY = 2.0
"""Seconds until a unit that runs on as if nobody had stopped it is stopped again: somebody started it."""
KILL_RETRY = 5.0
"""Seconds between two attempts to kill."""

RUNS = (Phase.UP, Phase.STARTING, Phase.BROKEN)
RESTS = (Phase.DOWN, Phase.FAILED, Phase.ABSENT)


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a unit."""

    phase: Phase
    life: str = ""
    """Another one with each start."""
    why: str = ""
    """What systemd says to a failure."""
    stale: bool = False
    """It was to read its configuration again, and could not: it goes on with the one before."""


class UnitOrder(StrEnum):
    """What to do about a unit, as the helper's verbs."""

    START = "start"
    STOP = "stop"
    KILL = "kill"
    RELOAD = "reload"
    """What it was started with is out of date: reload it, or restart it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at a unit leads to."""

    step: UnitOrder | None = None
    notes: tuple[str, ...] = ()
    """For the history."""


_NOTHING = Due()


class KeptUnit:
    """One unit over time. `now` is in monotonic seconds."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.seen: Seen | None = None
        self.problem: str | None = None
        """What an administrator should look at."""
        self._asked: UnitOrder | None = None
        """What was ordered last, and is under way."""
        self._asked_at = 0.0
        self._life = ""
        self._up_at: float | None = None
        self._failures = 0
        self._late = False
        """It has been starting for too long."""
        self._stable = False
        """It has run for STABLE."""
        self._retry_at = 0.0
        self._again_at = 0.0
        self._kill_at = 0.0
        self._was_wanted = False
        self._outdated = False
        self._reloading_until = 0.0
        """By then a reload is done; another life is no news before."""

    @property
    def settled(self) -> bool:
        """The unit is as it was wanted at the last look."""
        if self.seen is None:
            return False
        return self.seen.phase is Phase.UP if self._was_wanted else self.seen.phase in RESTS

    @property
    def well(self) -> bool | None:
        """Whether it has run for STABLE, or has failed; None: it is not to run, or it is too early to say.
        One that ends and is back at once has not failed."""
        if self.seen is None or not self._was_wanted:
            return None
        if self.seen.phase is Phase.UP:
            return self._stable or None
        failed = self.seen.phase is Phase.ABSENT or self._late or self._failures >= FALL
        return False if failed else None

    def outdated(self) -> None:
        """Its files have changed."""
        self._outdated = True

    def look(self, wanted: bool, seen: Seen, now: float) -> Due:
        """What is due."""
        if wanted != self._was_wanted:
            # A new role: nothing of the old one counts.
            self._was_wanted, self._failures, self._retry_at = wanted, 0, now
            self._asked, self._reloading_until = None, 0.0
            turned = True
        else:
            turned = False
        first, self.seen = self.seen is None, seen
        self._late = self._stable = False
        if seen.phase is Phase.ABSENT:
            self.problem = f"{self.follower.unit}: there is no such unit, or it cannot be loaded: {seen.why}"
            return _NOTHING
        return self._up(seen, now) if wanted else self._down(seen, now, expected=turned or first)

    def failed(self, reason: str, now: float) -> None:
        """The step that was due could not be ordered."""
        self._asked = None
        self._retry_at = now + FIRST_RETRY
        self.problem = f"{self.follower.unit}: {reason}"

    # wanted

    def _up(self, seen: Seen, now: float) -> Due:
        match seen.phase:
            case Phase.UP:
                return self._runs(seen, now)
            case Phase.STARTING:
                if self._asked is not UnitOrder.START:
                    self._order(UnitOrder.START, now)
                self._late = now - self._asked_at > START_PATIENCE
                if self._late:
                    self.problem = f"{self.follower.unit}: still not started after {START_PATIENCE:g} s"
                return _NOTHING
            case Phase.STOPPING:
                if self._asked is not UnitOrder.STOP:
                    self._order(UnitOrder.STOP, now)
                return self._perhaps_kill(now)
            case Phase.BROKEN:
                return self._broken(now)
            case _:
                return self._rests(seen, now)

    def _runs(self, seen: Seen, now: float) -> Due:
        notes: tuple[str, ...] = ()
        if self._up_at is None:
            self._up_at = now
        elif seen.life != self._life:
            ended = now >= self._reloading_until
            notes = (f"{self.follower.unit} ended, and was started again",) if ended else ()
            self._up_at = now
        self._life, self._asked = seen.life, None
        self._stable = now - self._up_at >= STABLE
        if self._failures == 0 or self._stable:
            self._failures, self.problem = 0, self._stale_problem(seen)
        if self._outdated:
            self._outdated, self._reloading_until = False, now + self.follower.stop_timeout
            return Due(UnitOrder.RELOAD, notes)
        return Due(None, notes)

    def _stale_problem(self, seen: Seen) -> str | None:
        if not seen.stale:
            return None
        unit = self.follower.unit
        return f"{unit}: did not take its new configuration, and goes on with the old one: read its journal"

    def _broken(self, now: float) -> Due:
        if self._asked is UnitOrder.START and now - self._asked_at < FIRST_RETRY:
            return _NOTHING  # Its interface is on its way.
        if self._asked is UnitOrder.STOP:
            return self._perhaps_kill(now)
        what = f"its interface {self.follower.interface} is not there"
        notes = (f"{self.follower.unit}: {what}: it is started anew",) if not self._failures else ()
        self._up_at = None
        return Due(self._order(UnitOrder.STOP, now), self._again(what, notes, now).notes)

    def _rests(self, seen: Seen, now: float) -> Due:
        """It is to run, and does not."""
        why = f" ({seen.why})" if seen.why else ""
        if now < self._reloading_until and seen.phase is Phase.DOWN:
            return _NOTHING  # Its new life is about to begin.
        if self._up_at is not None:
            notes = (f"{self.follower.unit} ended while it was to run{why}",) if not self._failures else ()
            self._up_at = None
            return self._again(f"ended while it was to run{why}", notes, now)
        if self._asked is UnitOrder.START:
            if now - self._asked_at < FIRST_RETRY:
                return _NOTHING  # systemd has perhaps not begun yet.
            notes = (f"{self.follower.unit} does not start{why}",) if not self._failures else ()
            return self._again(f"does not start{why}", notes, now)
        return Due(self._order(UnitOrder.START, now)) if now >= self._retry_at else _NOTHING

    def _again(self, what: str, notes: tuple[str, ...], now: float) -> Due:
        pause = min(FIRST_RETRY * 2.0**self._failures, self.follower.longest_pause)
        self._failures = min(self._failures + 1, 16)
        self._asked, self._retry_at = None, now + pause
        unit = self.follower.unit
        self.problem = f"{unit}: {what}; it is started again: see journalctl -u {unit}"
        return Due(None, notes)

    # not wanted

    def _down(self, seen: Seen, now: float, expected: bool) -> Due:
        self._up_at, self._outdated = None, False
        if seen.phase in RESTS:
            self._asked, self.problem = None, None
            return _NOTHING
        if self._asked is UnitOrder.STOP:
            return self._perhaps_kill(now)
        if seen.phase is Phase.STOPPING:
            self._order(UnitOrder.STOP, now)
            return _NOTHING
        notes: tuple[str, ...] = ()
        if not expected:
            notes = (f"{self.follower.unit} was started while this node is not active: it is stopped",)
        return Due(self._order(UnitOrder.STOP, now), notes)

    def _perhaps_kill(self, now: float) -> Due:
        if now - self._asked_at < self.follower.stop_timeout or now < self._kill_at:
            again = self.seen is not None and self.seen.phase in RUNS and now >= self._again_at
            self._again_at = now + STOP_RETRY if again else self._again_at
            return Due(UnitOrder.STOP) if again else _NOTHING
        said = f"{self.follower.unit}: did not stop within {self.follower.stop_timeout:g} s, and is killed"
        notes = (said,) if self.problem != said else ()
        self.problem, self._kill_at = said, now + KILL_RETRY
        return Due(UnitOrder.KILL, notes)

    def _order(self, step: UnitOrder, now: float) -> UnitOrder:
        self._asked, self._asked_at, self._again_at = step, now, now + STOP_RETRY
        return step
