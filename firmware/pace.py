"""How slow this machine is now, as one number: what deadlines are stretched by.

Measured is a fixed piece of work, once for each processor and all at the same time: whether the processors
are slow, limited, or others use them too, what waits for them waits longer.
"""

import math
import os
import subprocess
import sys
import time

_WORK = "n = 0\nfor i in range(4_000_000): n += i & 7"
USUAL = 0.35
"""Seconds that the work takes on an idle machine for which the deadlines were chosen, an EPYC of 2023."""
MOST = 12.0
"""With it, also three seconds between advertisements stay within what VRRP allows: 40.95 s."""


def measured_multiplier() -> float:
    """1 on a machine as fast as the usual one, or faster; steps of a half above it."""
    return multiplier_of(_seconds_of_work())


def multiplier_of(seconds: float) -> float:
    """The multiplier where the work takes so long."""
    return min(MOST, max(1.0, math.ceil(2 * seconds / USUAL - 0.5) / 2))


def _seconds_of_work() -> float:
    begin = time.monotonic()
    command = [sys.executable, "-I", "-S", "-c", _WORK]
    running = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    for process in running:
        process.wait()
    return time.monotonic() - begin
