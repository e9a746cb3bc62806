"""Deadlines, with one multiplier for slow machines.

A wait in the lab never sleeps and hopes: it polls a condition until a `Deadline` has passed. All deadlines
are stretched by the environment variable HOTSPARE_TIMEOUT_MULTIPLIER (a decimal number, default 1). The test
command sets it to what it has measured, see `firmware/pace.py`, unless somebody else has set it.
"""

import os
import time
from collections.abc import Callable

from firmware.lab.errors import DeadlineExceeded, LabError

MULTIPLIER_VARIABLE = "HOTSPARE_TIMEOUT_MULTIPLIER"


def timeout_multiplier() -> float:
    """How much longer than written every wait may take.

    Raises:
        LabError: the environment variable is not a positive number.
    """
    text = os.environ.get(MULTIPLIER_VARIABLE, "1")
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < 1000:
        raise LabError(
            f"{text!r} is not a time-out multiplier", MULTIPLIER_VARIABLE, "Set a number such as 1 or 2.5."
        )
    return factor


def stretched(seconds: float) -> float:
    """So long on this machine, for a wait that needs a number."""
    return seconds * timeout_multiplier()


class Deadline:
    """A moment by which something must have happened."""

    def __init__(self, seconds: float) -> None:
        """Starts now; `seconds` is stretched by the multiplier."""
        self.seconds = stretched(seconds)
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the deadline was set."""
        return time.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return self.remaining == 0.0

    def check(self, what: str, where: str = "", todo: str = "") -> None:
        """Does nothing while there is time left.

        Raises:
            DeadlineExceeded: `what` did not happen in time.
        """
        if self.expired:
            raise DeadlineExceeded(f"{what} did not happen within {self.seconds:.0f} s", where, todo)


def wait_until(
    condition: Callable[[], bool],
    deadline: Deadline,
    what: str,
    where: str = "",
    interval: float = 0.1,
    explain: Callable[[], str] | None = None,
) -> None:
    """Polls `condition` every `interval` seconds until it holds.

    `explain` says, for the message of a failure, how things stood at the end.

    Raises:
        DeadlineExceeded: it did not hold in time.
    """
    while not condition():
        deadline.check(what, where, explain() if explain else "")
        time.sleep(min(interval, deadline.remaining))
