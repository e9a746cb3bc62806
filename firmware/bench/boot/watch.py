"""A machine seen from outside while it boots: QEMU's processor time, and when its serial line said what.

Nothing is asked of the guest, so that nothing is measured but the boot.
"""

import itertools
import os
import re
import threading
import time
from bisect import bisect_right
from pathlib import Path

from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.machine import Machine

LOOK_SECONDS = 0.02
REST_SECONDS = 10.0
REST_SHARE = 0.3
"""Of a processor: a node whose boot is over uses less."""
_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12
"""Places in /proc/PID/stat behind the program's name, see proc_pid_stat(5)."""


class Watch:
    """Looks at a machine that has just been switched on, until it is closed.

    Moments are seconds since then.
    """

    def __init__(self, machine: Machine) -> None:
        """Starts looking."""
        self._stat = Path(f"/proc/{machine.pid}/stat")
        self.name = machine.spec.name
        self._serial = machine.spec.serial_log.open("rb")
        self._serial.seek(0, os.SEEK_END)  # Behind what earlier boots have said.
        self.begin = time.monotonic()
        """When it was switched on, by this machine's own clock."""
        self._moments: list[float] = []
        self._processor: list[float] = []
        self._said: list[tuple[float, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"watch-{self.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Looks no more; what was seen stays."""
        self._stop.set()
        self._thread.join()
        self._serial.close()

    @property
    def now(self) -> float:
        """This moment."""
        return time.monotonic() - self.begin

    def processor(self, moment: float) -> float:
        """Processor-seconds that QEMU had used by then, of all its threads and of the kernel for them."""
        return self._processor[max(0, bisect_right(self._moments, moment) - 1)]

    def heard(self, pattern: str) -> list[tuple[float, re.Match[bytes]]]:
        """What matches on the serial line so far, each with the moment when its end was there."""
        said = tuple(self._said)
        ends = list(itertools.accumulate(len(piece) for _, piece in said))
        matches = re.finditer(pattern.encode(), b"".join(piece for _, piece in said), re.MULTILINE)
        return [(said[bisect_right(ends, match.end() - 1)][0], match) for match in matches]

    def wait_for(self, pattern: str, seconds: float) -> float:
        """The moment when the serial line first said something that matches.

        Raises:
            DeadlineExceeded: it did not say so in time.
        """
        what = f"{pattern!r} on the serial line"
        wait_until(lambda: bool(self.heard(pattern)), Deadline(seconds), what, self.name)
        return self.heard(pattern)[0][0]

    def wait_for_rest(self, seconds: float) -> None:
        """Waits until the machine has done little for a while.

        Raises:
            DeadlineExceeded: it is still at work.
        """

        def rests() -> bool:
            begin, end = self.now - REST_SECONDS, self.now
            return begin > 0 and self.processor(end) - self.processor(begin) < REST_SHARE * REST_SECONDS

        wait_until(rests, Deadline(seconds), "rest", self.name, interval=1.0)

    def _loop(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                fields = self._stat.read_text().rpartition(")")[2].split()
            except OSError:
                return  # It was switched off.
            self._processor.append((int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS)
            self._moments.append(self.now)
            if piece := self._serial.read():
                self._said.append((self.now, piece))
