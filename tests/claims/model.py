"""What a test has found about one claim, as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Protocol


class Held(StrEnum):
    """Whether a claim is true."""

    YES = "ok"
    NO = "FAILED"
    UNKNOWN = "skipped"
    """This machine lacks something."""


_PENDING = 2
"""So many of the last questions may still be answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a client, and what became of it."""

    at: float
    """Seconds since what happened; before it, it is negative."""
    took: float | None = None
    """Seconds until the answer; None: there was none."""
    by: str = ""
    """Who answered."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A client's questions around something that happened."""

    what: str
    """What happened, e.g. "power of utm1 cut"."""
    who: str
    """Who asked whom, e.g. "client pings 192.168.12.1"."""
    asked: tuple[Asked, ...]

    @property
    def silence(self) -> tuple[float, float | None]:
        """The longest time from one answered question to the next one since it happened: from when to when;
        until None: there was no answer any more."""
        answered = [each.at for each in self.asked if each.took is not None]
        before = max((at for at in answered if at <= 0), default=0.0)
        moments = [before, *(at for at in answered if at > 0)]
        spans = [(end - begin, begin, end) for begin, end in pairwise(moments)]
        longest, begin, end = max(spans, default=(0.0, before, before))
        left = [each.at for each in self.asked if each.at > moments[-1]]
        given_up = len(left) > 0 and left[-1] - moments[-1] > longest
        return (moments[-1], None) if given_up or not spans else (begin, end)

    @property
    def gap(self) -> float | None:
        """The same in seconds. It is never less than the time between two questions."""
        begin, end = self.silence
        return None if end is None else end - begin


class Question(Protocol):
    """What a watch of the lab's clients remembers of one: `firmware.lab.client.Probe` has it."""

    asked: float
    pinged: str | None
    replied: float | None


def trace_of(
    what: str, who: str, questions: Iterable[Question], happened: float, names: Mapping[str, str]
) -> Trace:
    """Of pings; `happened` is a monotonic time, `names` has who a MAC address is. The last questions are left
    out if nobody has answered them yet."""
    listed = list(questions)
    for last in listed[-_PENDING:][::-1]:
        if last.replied is not None:
            break
        listed.pop()

    def asked(each: Question) -> Asked:
        if each.replied is None:
            return Asked(each.asked - happened)
        name = names.get(each.pinged or "", each.pinged or "")
        return Asked(each.asked - happened, each.replied - each.asked, name)

    return Trace(what, who, tuple(map(asked, listed)))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines that show something: of a capture, or of what a command said."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, and what is true of it."""

    setup: str
    sentence: str
    held: Held
    measured: tuple[str, ...] = ()
    traces: tuple[Trace, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    reason: str = ""
    """Why it did not hold."""
    seconds: float = 0.0
    """What the test took."""


def lines_of(claim: Claim) -> list[str]:
    """As a terminal shows it: the claim, below it what was measured, and why it did not hold."""
    found = [*claim.measured, *claim.reason.splitlines()[:1]]
    head = f"{claim.held:8}{claim.setup:18}"
    return [head + claim.sentence, *(" " * len(head) + line for line in found)]
