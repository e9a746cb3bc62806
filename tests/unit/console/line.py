"""The other end of a console's line: a pseudo-terminal on which a program of the menu runs."""

import fcntl
import json
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from firmware.lab.deadline import stretched
from firmware.screens.session import BOX

PROMPT = re.compile(r"(?:^|[\r\n])([a-z][a-z0-9-]*)(?: \[[^\r\n]*\])? > $")
_PIECE = 256
"""Bytes that are typed at once."""
SECONDS = stretched(20.0)
"""For anything to come; nobody waits for it to pass."""
ANSWERS: Mapping[str, str] = {
    "password": "correct horse",
    "password-again": "correct horse",
    "hostname": "alpha",
    "time-zone": "berlin",
    "purpose": "alone",
    "language": "1",
    "addresses-lan": "192.168.12.141/24",
}


class Line:
    """Reads and types. `bauds` slows reading down: the program waits for the line as for a serial one.

    `script` runs the program, whose arguments are the folder and the program's name.
    """

    def __init__(
        self,
        root: Path,
        program: str = "setup",
        size: tuple[int, int] = (24, 80),
        bauds: int = 0,
        script: Path = BOX,
    ) -> None:
        self.root = root
        self.enter = "\r"
        """What the key of that name sends."""
        self.screen = ""
        self.seen = 0
        self._bauds = bauds
        self._master, slave = os.openpty()
        self.resize(*size)
        command = [sys.executable, "-P", str(script), str(root), program]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=_own_terminal
        )
        os.close(slave)

    def close(self) -> None:
        """Nothing is left of it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """As when the cable is pulled out of a terminal server."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def resize(self, rows: int, columns: int) -> None:
        """As when a window is pulled; the program gets SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, found: Callable[[], object]) -> None:
        """Reads until something is on the screen."""
        deadline = time.monotonic() + SECONDS
        while not found():
            assert time.monotonic() < deadline, self.screen[-600:]
            if not self._read():
                self.process.wait(SECONDS)
                assert found(), self.screen[-600:]
                return

    def _read(self) -> bool:
        """What comes now, if something does; False: the program has closed its terminal, and ends."""
        if not select.select([self._master], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._master, 32 if self._bauds else 4096)
        except OSError:
            return False
        if self._bauds:
            time.sleep(len(data) * 10 / self._bauds)
        self.screen += data.decode("ascii", "replace")
        return True

    def at_question(self) -> str:
        """The key of the question that waits; empty: none does."""
        found = PROMPT.search(self.screen[self.seen :])
        return found[1] if found else ""

    def go_back_to(self, key: str) -> None:
        """By `<`."""
        for _ in range(20):
            if self.question() == key:
                return
            self.type(f"<{self.enter}")
        raise AssertionError(self.screen[-600:])

    def question(self) -> str:
        """The same, as soon as there is one."""
        self.until(self.at_question)
        return self.at_question()

    def go_to(self, key: str, **answers: str) -> None:
        """Answers what is asked until this question is."""
        for _ in range(60):
            if (asked := self.question()) == key:
                return
            self.answer(asked, answers)
        raise AssertionError(self.screen[-600:])

    def answer(self, key: str, answers: Mapping[str, str]) -> None:
        self.type(f"{({**ANSWERS, **answers}).get(key, '')}{self.enter}")

    def type(self, text: str | bytes) -> None:
        """As it is; what was on the screen before is answered."""
        self.seen = len(self.screen)
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            # A terminal holds 4 KiB: meanwhile what is echoed must be read.
            if select.select([], [self._master], [], 0)[1]:
                os.write(self._master, data[:_PIECE])
                data = data[_PIECE:]
            elif not self._read():
                return

    def finish(self, **answers: str) -> None:
        """Answers what is asked until the box is configured."""
        self.go_to("write", **answers)
        self.type(f"1{self.enter}")
        self.until(lambda: " is configured." in self.screen)
        self.ends()

    def ends(self) -> None:
        """The program, as it should."""
        deadline = time.monotonic() + SECONDS
        while self._read() and time.monotonic() < deadline:
            pass
        code = self.process.wait(SECONDS)
        assert code == 0, f"it ended with {code}: {self.screen[-1500:]}"

    def stored(self) -> list[dict[str, Any]]:
        """What the box was told to keep."""
        file = self.root / "stored.json"
        found: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
        return found


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
