"""What a booting node is doing, by what it shows to the outside, and whether it moves at all.

A slow machine and a dead one look alike to a clock. So what is waited for during a boot has no fixed
deadline: it is given up when the serial console has said nothing and no disk was used for a while.
"""

import re
import time
from collections.abc import Callable

from firmware.lab.deadline import Deadline
from firmware.lab.errors import DeadlineExceeded

STILL_SECONDS = 120.0
"""Nothing has moved for so long: it stands still."""
LIMIT_SECONDS = 1800.0
"""Something moves for ever in a node that starts again and again: then this is the end."""
LOOK_SECONDS = 1.0
"""Looking costs the node a little: not more often than this."""

_ESCAPE = re.compile(r"\x1b\[[0-9;?!]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>78]")
_LOADED = "Booting `Hotspare"
"""What GRUB says last, at each start."""
_NAME = r"(\S+?)(?:\.[a-z]+\b|\.?…)"
"""A unit without its type; systemd cuts what is too long for a line."""
_BEGINS = re.compile(rf"^\s*(?:Starting|Mounting) {_NAME}")
_WAITS = re.compile(rf"\] (?:\(\d+ of \d+\) )?Job {_NAME}")
_ENDS = re.compile(rf"\] (?:Started|Finished|Mounted|Found device|Failed to start) {_NAME}")
_MILESTONES = (
    ("Loading, please wait", "initrd"),
    ("Welcome to", "systemd"),
    ("login: ", "login"),
    ("language > ", "setup menu"),
)


def stage_of(serial: str) -> str:
    """What a boot is at, in a word or two, by all that the serial console has said."""
    _, loaded, text = _ESCAPE.sub("", serial).rpartition(_LOADED)
    if not loaded:
        return "boot loader" if text.strip() else "firmware"
    stage, jobs = "kernel", list[str]()  # What waits for the longest time comes first.
    for line in re.split(r"[\r\n]+", text):
        stage = next((name for words, name in _MILESTONES if words in line), stage)
        if found := _ENDS.search(line):
            jobs = [job for job in jobs if not _same(job, found[1])]
        elif found := _BEGINS.search(line):
            jobs.append(found[1])
        elif found := _WAITS.search(line):
            jobs = [found[1], *(job for job in jobs if not _same(job, found[1]))]
    return jobs[0] if jobs and stage == "systemd" else stage


def _same(one: str, other: str) -> bool:
    """Either may have been cut."""
    return one.startswith(other) or other.startswith(one)


class Patience(Deadline):
    """A deadline that begins anew whenever something has moved."""

    def __init__(
        self, seconds: float, moves: Callable[[], object], limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        """Starts now.

        Args:
            seconds: for how long nothing may move.
            moves: anything that is equal to what it was as long as nothing has moved.
            limit_seconds: after which even movement does not help.
        """
        super().__init__(seconds)
        self._moves = moves
        self._seen = moves()
        self._limit = Deadline(limit_seconds)
        self._looked = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since something has moved."""
        if self._limit.expired:
            return self.seconds
        if time.monotonic() - self._looked >= min(LOOK_SECONDS, self.seconds):
            self._looked = time.monotonic()
            seen = self._moves()
            if seen != self._seen:
                self._seen = seen
                self._started = self._looked
        return super().elapsed

    def check(self, what: str, where: str = "", todo: str = "") -> None:
        """Does nothing while something moves.

        Raises:
            DeadlineExceeded: `what` did not happen, and nothing has moved for a while.
        """
        if not self.expired:
            return
        if self._limit.expired:
            raise DeadlineExceeded(f"{what} did not happen within {self._limit.seconds:.0f} s", where, todo)
        raise DeadlineExceeded(
            f"{what} did not happen, and nothing has moved for {self.seconds:.0f} s", where, todo
        )
