"""The daemon's event loop: its clock goes on while the machine is suspended.

CLOCK_MONOTONIC stands still then, and a node that slept for an hour would go on as if nothing had happened.
By CLOCK_BOOTTIME it finds that its deadline is long over, and listens first. A virtual machine that is only
paused by its host sees no clock move: there, what has arrived is read before anything is said.
"""

import asyncio
import time


class BootTimeLoop(asyncio.SelectorEventLoop):
    """All deadlines of the daemon are by this clock."""

    def time(self) -> float:
        """Seconds since the system was booted, those it was suspended included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
