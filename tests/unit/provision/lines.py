"""Lines between a box and the program, as they are in a rack: lossy, noisy, and cut."""

import contextlib
import fcntl
import os
import select
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Callable
from pathlib import Path

BOX = Path(__file__).with_name("box.py")
Filter = Callable[[bytes], bytes]
"""What becomes of bytes on their way."""


def clean(data: bytes) -> bytes:
    return data


class Line:
    """A pseudo-terminal for each end, and a thread that carries bytes between the two."""

    def __init__(self, to_box: Filter = clean, from_box: Filter = clean) -> None:
        self.near, near_slave = os.openpty()
        self.far, self.far_slave = os.openpty()
        tty.setraw(near_slave)
        self.path = os.ttyname(near_slave)
        self._near_slave: int | None = near_slave
        self._to_box, self._from_box = to_box, from_box
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def say(self, text: bytes) -> None:
        """Something that only the program sees, as from a kernel."""
        os.write(self.near, text)

    def cut(self) -> None:
        """The adapter is pulled out: its port vanishes."""
        self._end.set()
        self._thread.join()
        for descriptor in (self.near, self._near_slave):
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._near_slave = None

    def close(self) -> None:
        self.cut()
        for descriptor in (self.far, self.far_slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _carry(self) -> None:
        while not self._end.is_set():
            ready, _, _ = select.select([self.near, self.far], [], [], 0.02)
            with contextlib.suppress(OSError):
                if self.near in ready:
                    os.write(self.far, self._to_box(os.read(self.near, 4096)))
                if self.far in ready:
                    os.write(self.near, self._from_box(os.read(self.far, 4096)))


class Appliance:
    """The real menu at the end of a line."""

    def __init__(self, folder: Path, digits: str, line: Line) -> None:
        self.folder, self.digits, self.line = folder, digits, line
        self.process: subprocess.Popen[bytes] | None = None
        self.power_on()

    def power_on(self) -> None:
        command = [sys.executable, "-P", str(BOX), str(self.folder), self.digits]
        slave = self.line.far_slave
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 1),
        )

    def power_off(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.power_off()
        self.line.close()

    @property
    def stored(self) -> Path:
        return self.folder / f"stored-{self.digits}.json"
