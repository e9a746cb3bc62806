"""A typist at a serial console: reads prompts and types answers, on lines that lose and invent characters.

The same for a real box (`/dev/ttyUSB0`) and for QEMU's sockets (`unix:///path`). An answer is typed one
character at a time, each when the echo of the one before has come; only a line that shows exactly the answer
gets its Enter.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from firmware.lab.deadline import Deadline
from firmware.lab.line import BAUD, POLL_SECONDS, Line, open_port
from firmware.provision.errors import Interrupted, NotCarried
from firmware.provision.record import Record
from firmware.provision.screen import Kind, Prompt, hidden_prompt, is_garbled, prompt_at_end, typed_at

TRIES = 3
"""Enter alone is an answer to many questions, and to others it never will be."""
QUIET_SECONDS = 0.3
"""A prompt is one when nothing follows it for so long."""
ECHO_SECONDS = 2.0
"""A character whose echo has not come by then is lost."""
TAKEN_SECONDS = 5.0
"""After Enter, something comes by then."""
REDRAW_SECONDS = 10.0
"""A prompt may be hidden by a message of the kernel: after such a silence it is asked for again."""
UNSEEN_SECONDS = 0.01
"""Between two characters that are not echoed."""
TYPINGS = 5
"""A line on which an answer never arrives whole is of no use."""
_COLUMNS = 78
"""Readline scrolls a longer line, and then its echo is no longer what was typed."""

ENTER, KILL, REDRAW = "\r", "\x15", "\x0c"
"""Ctrl-U and Ctrl-L: what was typed is forgotten; the prompt and what was typed is shown again."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told what goes over the line, and may end it."""

    record: Record | None = None
    stopped: Callable[[], bool] = lambda: False


class Typist(Line):
    """Reads and types, and keeps all that was on the screen."""

    GONE = ("the port is gone", "plug it in again, and run the command again")

    def __init__(self, url: str, baud: int = BAUD, watcher: Watcher | None = None) -> None:
        """Opens the line. Raises ConsoleError."""
        super().__init__(open_port(url, baud), url)
        self.screen = ""
        self.raw = b""
        """The last bytes, as they came."""
        self._watcher = watcher or Watcher()
        self._seen = 0

    @property
    def news(self) -> str:
        """What came since the last answer."""
        return self.screen[self._seen :]

    @property
    def last_words(self) -> str:
        """The end of the screen."""
        return repr(self.screen[-400:])

    @property
    def garbled(self) -> bool:
        """What came last is no text: the speed is wrong."""
        return is_garbled(self.raw[-200:])

    def prompt(self, seconds: float) -> Prompt:
        """What waits for an answer. Raises DeadlineExceeded."""
        deadline = Deadline(seconds)
        silence, asked_again = Deadline(REDRAW_SECONDS), False
        while (found := self.glance()) is None:
            deadline.check("a question", self.url, f"The last words: {self.last_words}")
            if self.receive():
                silence = Deadline(REDRAW_SECONDS)
            elif silence.expired:
                hidden = hidden_prompt(self.news)
                if hidden is not None and (hidden.kind is not Kind.QUESTION or asked_again):
                    return hidden
                if ">" in self.news:
                    # A password's prompt is not drawn again: the next silence takes it from where it was.
                    self.press(REDRAW)
                    asked_again, silence = True, Deadline(REDRAW_SECONDS)
        return found

    def glance(self) -> Prompt | None:
        """What waits just now, once the line is quiet."""
        return None if self.pause(QUIET_SECONDS) else prompt_at_end(self.news)

    def type(self, text: str, secret: bool = False) -> None:
        """A line, as a person ends it. What was on the screen before is answered.

        Raises:
            ConsoleError: the line is gone, or does not carry the answer.
        """
        prompt = prompt_at_end(self.news)
        self._seen = len(self.screen)
        seen = prompt is not None and prompt.kind is Kind.QUESTION and not secret
        self._record(text, secret)
        if seen and prompt is not None:
            self._type_seen(prompt, text)
        else:
            for character in KILL + text:
                self._write(character)
                time.sleep(UNSEEN_SECONDS)
        self._enter(prompt if seen else None, text)

    def press(self, keys: str | bytes) -> None:
        """Keys, or line noise, as they are."""
        raw = keys if isinstance(keys, bytes) else keys.encode("ascii")
        self._record(raw.decode("latin-1"), secret=False)
        self.send(raw)

    def draw_again(self) -> None:
        """The prompt was garbled: it is asked for again. A password's only comes by a wrong answer."""
        self.press(REDRAW)
        if not self.pause(ECHO_SECONDS):
            self.press(KILL + ENTER)

    def forget(self) -> None:
        """What was on the screen until now is answered."""
        self._seen = len(self.screen)

    def _type_seen(self, prompt: Prompt, text: str) -> None:
        """Until the line shows exactly this."""
        head = len(prompt.key) + len(prompt.default) + (6 if prompt.default else 3)
        fits = head + len(text) < _COLUMNS
        for _ in range(TYPINGS):
            self._write(KILL)
            complete = self._echoed(text, _COLUMNS - head)
            if complete and (self.news == text or not fits or self._shown(prompt) == text):
                return
        raise NotCarried(
            f"the line does not carry an answer to {prompt.key}: characters are lost again and again",
            self.url,
            "look at the cable, the plug and the speed (--baud)",
        )

    def _echoed(self, text: str, room: int) -> bool:
        """Each character is typed once the one before is back; whether all of them came back."""
        self.pause(POLL_SECONDS)
        self._seen = len(self.screen)
        position = self._seen
        for number, character in enumerate(text):
            self._write(character)
            deadline = Deadline(ECHO_SECONDS)
            while True:
                # On a line that scrolls, anything that comes is the sign of life of a key.
                at = self.screen.find(character, position) if number < room else len(self.screen) - 1
                if position <= at:
                    position = at + 1 if number < room else len(self.screen)
                    break
                if deadline.expired:
                    return False
                self.receive()
        return True

    def _shown(self, prompt: Prompt) -> str | None:
        """What stands behind the prompt, when it is drawn again."""
        self._write(REDRAW)
        self.pause(ECHO_SECONDS)
        while self.pause(QUIET_SECONDS):
            pass
        return typed_at(self.news, prompt)

    def _enter(self, prompt: Prompt | None, text: str) -> None:
        """Enter, and once more when it was lost: the line then still shows what was typed."""
        for _ in range(TYPINGS):
            self._seen = len(self.screen)
            self._write(ENTER)
            if self.pause(TAKEN_SECONDS):
                return
            if prompt is not None and self._shown(prompt) != text:
                return
        raise NotCarried("Enter is lost again and again", self.url, "look at the cable and the plug")

    def _record(self, text: str, secret: bool) -> None:
        if self._watcher.record is not None:
            self._watcher.record.sent(self.url, text, secret)

    def _write(self, text: str) -> None:
        self.send(text.encode("ascii", "replace"))

    def receive(self) -> bool:
        """As any line does. Raises Interrupted: the person has ended it."""
        if self._watcher.stopped():
            raise Interrupted
        return super().receive()

    def heard(self, data: bytes) -> None:
        """On the screen, and in the record."""
        text = re.sub("\0", "", data.decode("ascii", "replace"))
        self.screen += text
        self.raw = (self.raw + data)[-400:]
        if text and self._watcher.record is not None:
            self._watcher.record.received(self.url, text)
