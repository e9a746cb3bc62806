"""A session at a console: the menu's real program on a pseudo-terminal, answered as a person would.

The box behind it only remembers what it is told (box.py): so it runs anywhere.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware.lab.deadline import Deadline
from firmware.lab.errors import ConsoleError
from firmware.lab.line import Line
from firmware.provision.screen import prompt_at_end

BOX = Path(__file__).with_name("box.py")
_PATIENCE = 60.0
"""Seconds until the next question."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a person is; nothing for a machine."""

    reading: float = 0.0
    """Seconds before an answer."""
    key: float = 0.0
    """Seconds between two keys."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What came over the line at one time."""

    seconds: float
    """Since the beginning."""
    text: str


def record(program: str, answers: Mapping[str, Sequence[str]], pace: Pace | None = None) -> tuple[Piece, ...]:
    """The whole session, until the program ends. Enter where there is no answer.

    Raises:
        DeadlineExceeded: it asks nothing any more and does not end.
    """
    pace = pace or Pace()
    left = {key: list(texts) for key, texts in answers.items()}
    with TemporaryDirectory() as folder:
        master, slave = os.openpty()
        command = [sys.executable, "-P", str(BOX), str(Path(folder) / "box"), program]
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        session = _Session(master)
        try:
            session.follow(left, pace)
        finally:
            process.kill()
            process.wait()
            session.close()
        return tuple(session.pieces)


def screen_of(pieces: Sequence[Piece]) -> str:
    """What a person sees who scrolls back."""
    lines = "".join(piece.text for piece in pieces).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


class _Session(Line):
    """Keeps all that came, with its time."""

    def __init__(self, master: int) -> None:
        super().__init__(FileIO(master, "r+b"), "the menu")
        self.pieces: list[Piece] = []
        self._begin, self._seen = time.monotonic(), ""

    def heard(self, data: bytes) -> None:
        """On the screen."""
        text = data.decode("ascii", "replace").replace("\r\n", "\n")
        self._seen += text
        self.pieces.append(Piece(time.monotonic() - self._begin, text))

    @property
    def last_words(self) -> str:
        """The end of the screen."""
        return repr(self._seen[-400:])

    def follow(self, left: dict[str, list[str]], pace: Pace) -> None:
        """Answers whatever is asked, until the program has ended."""
        with suppress(ConsoleError):
            while True:
                prompt = self.until(lambda: prompt_at_end(self._seen), Deadline(_PATIENCE), "a question")
                self._seen = ""
                texts = left.get(prompt.key or prompt.kind, [])
                self._type(texts.pop(0) if texts else "", pace)

    def _type(self, text: str, pace: Pace) -> None:
        time.sleep(pace.reading)
        for character in text if pace.key else [text]:
            self.send(character)
            time.sleep(pace.key)
        self.send("\r")
