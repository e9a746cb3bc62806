"""What conntrackd is told, in which order and when. Pure: `now` is an argument, in monotonic seconds.

States are injected into the spare's kernel, so that a takeover has nothing to wait for. These steps put in
order what a change of roles leaves behind (docs/conntrack.md has the diagram):

    new active   LEARN what was injected into its kernel; it SENDs all when it is asked, and regularly
    old active   stops to forward, HOLD, EMPTY its kernel without telling, DRAIN, ASK for all, COMPARE

    new active, with its own table just emptied (roles that change twice within seconds):
                 DRAIN, ASK the old active for all, COMPARE, LEARN

Invariants: a spare never LEARNs, or its expiring entries would delete live ones on the active; nothing is
ever emptied on an active node, nor what the active node lacks; a step that failed is tried again, and so are
those after it, in their order.
"""

from dataclasses import dataclass
from enum import StrEnum


class CourseStep(StrEnum):
    """One step; all but HOLD, DRAIN and COMPARE are orders for conntrackd, by the option in brackets."""

    LEARN = "learn"
    """(-R) The kernel's entries into the internal cache: only what is there is sent, and its end is told."""
    SEND = "send"
    """(-B) The internal cache to the peer, each entry with its time left as last learnt."""
    HOLD = "hold"
    """Until the other node is active and says that it has all: it may have taken over with a table that it
    had just emptied, and asks for what is here."""
    EMPTY = "empty"
    """(-F) The kernel's table and the internal cache, without a word to the peer (`conntrack -F` tells)."""
    DRAIN = "drain"
    """Until the kernel's table is empty: an entry goes when conntrackd has taken in the event of its end,
    which takes seconds where there are many and the processors are busy."""
    ASK = "ask"
    """(-n) The peer sends its internal cache."""
    COMPARE = "compare"
    """The numbers of entries in both kernels."""


TAKEN_OVER = (CourseStep.LEARN,)
"""Nothing is sent: the old active has all until it EMPTYs its table, and then ASKs. It would inject each
entry anew beside the one that it has, and a table that is nearly full would overflow."""
TAKEN_OVER_INCOMPLETE = (CourseStep.ASK, CourseStep.COMPARE, CourseStep.LEARN)
"""LEARNt earlier, what is still being emptied would be emptied at the other node too."""
REFRESH = (CourseStep.LEARN, CourseStep.SEND)
GIVEN_UP = JOINED = (CourseStep.HOLD, CourseStep.EMPTY, CourseStep.DRAIN, CourseStep.ASK, CourseStep.COMPARE)

SETTLE = 1.0
"""Seconds from giving up to EMPTY: by then nothing is forwarded here any more (at most 0.5 s of a planned
switch), and the new active has learnt."""
REFRESH_PERIOD = 25.0
"""Seconds. Refreshes of a flow make no event, so that the active sends all again within the time by which the
kernel's short timeouts are longer than usual (30 s: 60-hotspare.conf)."""
HOLD_DELAY = 0.5
"""Seconds between two looks of HOLD."""
HOLD_PATIENCE = 20.0
"""Seconds after which HOLD is given up: what expires here meanwhile would end what lives on the other
node."""
EMPTY_DELAY = 0.5
"""Seconds from EMPTY to DRAIN, and to each further look: it is emptied by a process of its own, and what
comes meanwhile goes with it."""
DRAIN_PATIENCE = 30.0
"""Seconds after which DRAIN is given up: something fills the table as fast as it empties."""
STILL = 4
"""Looks in a row that find no fewer entries: what is there has come since, because conntrackd asked at its
start."""
_DRAINED_SHARE = 10
"""Empty enough: one in so many of the other node's, which tells of new connections all the time."""
RETRY = 2.0
"""Seconds from a step that failed to the next attempt."""
COMPARE_DELAY = 2.0
"""Seconds from ASK to COMPARE: states arrive, and the peer's number is told once a second."""
COMPARE_PERIOD = 10.0
_DELAYS = {CourseStep.EMPTY: EMPTY_DELAY, CourseStep.ASK: COMPARE_DELAY}
PATIENCE = 3
"""Comparisons in a row that find entries missing until it is a problem; each of them asks again."""
PARITY_PATIENCE = 30.0
"""Seconds for which a node that wants to take over by preference waits for the other one's connections."""
_SLACK, _SLACK_SHARE = 64, 4000
"""So many entries may differ, and one in so many: connections of the node itself, and those that came or went
since the peer told its number."""
_CROWDED = 0.9
"""The share of the table that is too much."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries in both kernels at about the same time; None: not known."""

    here: int | None
    there: int | None

    @property
    def drained(self) -> bool:
        """The table here is as good as empty."""
        return self.here is None or self.here <= _SLACK + (self.there or 0) // _DRAINED_SHARE

    @property
    def fewer(self) -> int:
        """By how many there are fewer here."""
        return 0 if self.here is None or self.there is None else max(0, self.there - self.here)

    @property
    def missing(self) -> int:
        """How many a spare lacks, beyond what comes and goes."""
        return self.fewer if self.fewer > _SLACK + (self.there or 0) // _SLACK_SHARE else 0


class Course:
    """The steps of one node, from one role to the next. Begins when conntrackd first answers."""

    def __init__(self, active: bool, now: float) -> None:
        self.active = active
        self.missing = 0
        """What the last comparison found."""
        self.comparisons = 0
        """In a row that found something missing."""
        self.complete = active
        """This node has what the other one has, or carries the traffic itself."""
        self._fewer: int | None = None
        """What the last comparison found before the node was complete; None: it is the first."""
        self._doubts = 0
        """How often few were missing, and asking for them helped or was not tried yet."""
        self._emptying = False
        """EMPTY was carried out, and no DRAIN has seen its end, whatever the roles have been since."""
        self._hold_by = now
        """When HOLD is given up."""
        self._drain_by = now
        """When DRAIN is given up."""
        self._left: int | None = None
        """What its last look found."""
        self._still = 0
        """Looks in a row that found no fewer."""
        self._steps: tuple[CourseStep, ...] = ()
        self._due = now
        self.restarted(now)

    @property
    def deadline(self) -> float:
        """When the next step is due; there is always one."""
        return self._due

    @property
    def behind(self) -> bool:
        """Asking has not helped."""
        return self.comparisons >= PATIENCE

    def due(self, now: float) -> CourseStep | None:
        """What to do now."""
        return self._steps[0] if now >= self._due else None

    def became(self, active: bool, now: float) -> None:
        """The node's role in the traffic is another one: what was left of the old course is void."""
        if active == self.active:
            return
        complete = self.complete
        self.active, self.complete = active, active and complete
        self.missing = self.comparisons = self._doubts = 0
        self._fewer = None
        if not active:
            self._hold_by = now + SETTLE + HOLD_PATIENCE
            self._go(GIVEN_UP, now + SETTLE)
        elif complete:
            self._go(TAKEN_OVER, now)
        else:
            self._drain_by, self._left, self._still = now + DRAIN_PATIENCE, None, 0
            self._go(
                (CourseStep.DRAIN, *TAKEN_OVER_INCOMPLETE) if self._emptying else TAKEN_OVER_INCOMPLETE, now
            )

    def restarted(self, now: float) -> None:
        """conntrackd is new: it has learnt all of the kernel by itself, which a spare must not. What was
        being emptied is gone: nobody listens to those events any more."""
        self.complete, self._fewer, self._doubts = self.active and self.complete, None, 0
        self._emptying = False
        self._hold_by = now + HOLD_PATIENCE
        if self.active:
            self._go(REFRESH if self.complete else TAKEN_OVER_INCOMPLETE, now)
        else:
            self._go(JOINED, now)

    def done(self, now: float) -> None:
        """The step that was due has been carried out."""
        step, *rest = self._steps
        if self.active and step is CourseStep.LEARN:
            self.complete = True
        elif step is CourseStep.EMPTY:
            self._emptying = True
            self._drain_by, self._left, self._still = now + DRAIN_PATIENCE, None, 0
        elif step is CourseStep.DRAIN:
            self._emptying = False
        if rest:
            self._go(tuple(rest), now + _DELAYS.get(step, 0.0))
        elif self.active:
            self._go(REFRESH, now + REFRESH_PERIOD)
        else:
            self._go((CourseStep.COMPARE,), now + COMPARE_PERIOD)

    def failed(self, now: float) -> None:
        """The step that was due could not be carried out."""
        self._due = now + RETRY

    def held(self, kept: bool, now: float) -> None:
        """HOLD was due. `kept`: the other node is active and has all."""
        if kept or now >= self._hold_by:
            self.done(now)
        else:
            self._due = now + HOLD_DELAY

    def drained(self, counts: Counts, now: float) -> None:
        """DRAIN was due, and this is what it found. An active node's table is not empty when that is over: it
        is over when nothing goes any more."""
        before, self._left = self._left, counts.here
        falls = before is None or (counts.here or 0) < before
        self._still = 0 if falls else self._still + 1
        if (counts.drained and not self.active) or self._still >= STILL or now >= self._drain_by:
            self.done(now)
        else:
            self._due = now + EMPTY_DELAY

    def compared(self, counts: Counts, now: float) -> None:
        """COMPARE was due, and this is what it found."""
        self.missing = counts.missing
        self.comparisons = self.comparisons + 1 if self.missing else 0
        if self.active and self.behind:
            self.missing = self.comparisons = 0
            self.done(now)  # It is the other node's turn to ask: what is there has been offered.
        elif self.missing:
            self._ask_again(now if self.comparisons <= PATIENCE else now + COMPARE_PERIOD)
        elif self._doubtful(counts):
            self._ask_again(now)
        else:
            known = counts.here is not None and counts.there is not None
            self.complete = self.complete or (known and not self.active)
            self.done(now)

    def _doubtful(self, counts: Counts) -> bool:
        """A few fewer may be connections of the other node itself, or lost on their way. Whoever takes over
        without those loses them for good: so they are asked for once more, and again while that helps."""
        before, self._fewer = self._fewer, counts.fewer
        helps = before is None or counts.fewer < before
        if self.complete or not counts.fewer or not helps or self._doubts >= PATIENCE:
            return False
        self._doubts += 1
        return True

    def _ask_again(self, due: float) -> None:
        self._go((CourseStep.ASK, *self._steps), due)

    def _go(self, steps: tuple[CourseStep, ...], due: float) -> None:
        self._steps, self._due = steps, due


def crowding(entries: int | None, most: int) -> str | None:
    """What to tell of a table that is nearly full; None: it is not, or there is none."""
    if entries is None or most <= 0 or entries < _CROWDED * most:
        return None
    return f"the table has {entries} of at most {most} entries: when it is full, new connections are dropped"
