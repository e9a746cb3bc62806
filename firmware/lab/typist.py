"""A typist at a serial console: answers the setup menu's questions, each known by the word before its prompt.

The menu is known from outside only: a line that ends in `hostname [fw-1] > ` is the question `hostname`. What
else comes over the line (the firmware, the kernel, the explanations) is read over.
"""

import re
from collections.abc import Mapping, Sequence

import serial

from firmware.lab.console import open_line
from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError

PROMPT = re.compile(r"(?:^|[\r\n])(?P<key>[a-z][a-z0-9-]*)(?: \[[^\r\n]*\])? > $")
POLL_SECONDS = 0.1
TRIES = 3
"""Enter alone is an answer to many questions, and to others it never will be."""
QUIET_SECONDS = 0.3
"""A prompt is one when nothing follows it for so long."""


class Typist:
    """Reads and types, and keeps all that was on the screen."""

    def __init__(self, url: str) -> None:
        """Opens the line. Raises ConsoleError."""
        self.url = url
        self.screen = ""
        self._seen = 0
        self._line = open_line(url, POLL_SECONDS)

    def close(self) -> None:
        """Hangs up."""
        self._line.close()

    def question(self, seconds: float) -> str:
        """The key of the question that waits for an answer. Raises DeadlineExceeded."""
        deadline = Deadline(seconds)
        quiet = Deadline(QUIET_SECONDS)
        while True:
            if self._receive():
                quiet = Deadline(QUIET_SECONDS)
            elif quiet.expired and (found := PROMPT.search(self.screen[self._seen :])):
                return found["key"]
            deadline.check("a question", self.url, f"The last words: {self.screen[-400:]!r}")

    def type(self, text: str) -> None:
        """A line, as a person ends it. What was on the screen before is answered."""
        self._seen = len(self.screen)
        try:
            self._line.write(f"{text}\r".encode())
        except (serial.SerialException, OSError) as error:
            raise ConsoleError(f"the console is gone: {error}", self.url) from error

    def wait_for(self, text: str, seconds: float) -> None:
        """Until it was on the screen after what was typed last. Raises DeadlineExceeded."""
        deadline = Deadline(seconds)
        while text not in self.screen[self._seen :]:
            deadline.check(repr(text), self.url, f"The last words: {self.screen[-400:]!r}")
            self._receive()

    def answer(self, answers: Mapping[str, str | Sequence[str]], last: str, seconds: float) -> list[str]:
        """Answers every question up to and with `last`; Enter where there is no answer. Returns the keys."""
        deadline = Deadline(seconds)
        left = {key: [texts] if isinstance(texts, str) else list(texts) for key, texts in answers.items()}
        asked: list[str] = []
        while last not in asked:
            key = self.question(max(deadline.remaining, POLL_SECONDS))
            asked.append(key)
            texts = left.get(key, [])
            if not texts and asked.count(key) > TRIES:
                raise ConsoleError(f"no answer to {key} helps: {self.screen[-400:]!r}", self.url)
            self.type(texts.pop(0) if texts else "")
        return asked

    def _receive(self) -> bool:
        try:
            data = self._line.read(max(1, self._line.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise ConsoleError(f"the console is gone: {error}", self.url) from error
        self.screen += data.decode("ascii", "replace")
        return bool(data)
