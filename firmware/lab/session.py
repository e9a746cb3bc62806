"""The lab's shell in one node, over its automation console, shared by the threads of the lab.

A login may take as long as a boot. It is done in short turns, so that whoever wants to switch the node
off or hang up never waits for it longer than a moment.
"""

import threading
from collections.abc import Callable

from firmware.lab.console import Console, Result
from firmware.lab.errors import LabError

TURN_SECONDS = 1.0


class Session:
    """A shell that is there when it is needed: it connects and logs in by itself."""

    def __init__(self, connect: Callable[[], Console]) -> None:
        """A session that is not connected; `connect` opens the console."""
        self._connect = connect
        self._console: Console | None = None
        self._logged_in = False
        self._lock = threading.Lock()

    @property
    def logged_in(self) -> bool:
        """Whether there is a shell, as far as known."""
        return self._logged_in

    def advance_login(self) -> bool:
        """Takes one short turn towards a shell; says whether there is one.

        Raises:
            ConsoleError: the console is gone, or the password was refused.
        """
        with self._lock:
            if not self._logged_in:
                self._console = self._console or self._connect()
                self._logged_in = self._console.login(TURN_SECONDS)
            return self._logged_in

    @property
    def last_words(self) -> str:
        """The end of what the console has said."""
        console = self._console
        return console.last_words if console else ""

    def run(self, command: str, seconds: float) -> Result:
        """Runs a command in the shell that `advance_login` got.

        Raises:
            DeadlineExceeded: it took longer; it is interrupted.
            ConsoleError: the line is gone or garbled.
        """
        with self._lock:
            console = self._console = self._console or self._connect()
            try:
                return console.run(command, seconds)
            except LabError:
                self._logged_in = False  # The shell may be gone: the next use makes sure of one.
                raise

    def hang_up(self) -> None:
        """Closes the line. The next use starts with a login."""
        with self._lock:
            if self._console:
                self._console.close()
            self._console = None
            self._logged_in = False
