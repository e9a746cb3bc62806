"""A session at a console: the menu's real program on a pseudo-terminal, answered as a person would.

The box behind it only remembers what it is told (tests/unit/console/at_a_terminal.py): so it runs anywhere.
"""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware.errors import FirmwareError
from firmware.paths import ROOT

BOX = ROOT / "tests/unit/console/at_a_terminal.py"
_ASKS = re.compile(r"(?:^|\n)(?:(?P<key>[a-z][a-z0-9-]*)(?: \[[^\n]*\])? > |(?P<code>the code that .*: ))$")
_CODE = "code"
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
        FirmwareError: it asks nothing any more and does not end.
    """
    pace = pace or Pace()
    left = {key: list(texts) for key, texts in answers.items()}
    with TemporaryDirectory() as folder:
        master, slave = os.openpty()
        command = [sys.executable, "-P", str(BOX), str(Path(folder) / "box"), program]
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        try:
            return tuple(_follow(master, left, pace))
        finally:
            process.kill()
            process.wait()
            os.close(master)


def screen_of(pieces: Sequence[Piece]) -> str:
    """What a person sees who scrolls back."""
    lines = "".join(piece.text for piece in pieces).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def _follow(line: int, left: dict[str, list[str]], pace: Pace) -> list[Piece]:
    begin, seen = time.monotonic(), ""
    pieces: list[Piece] = []
    patience = begin + _PATIENCE
    while True:
        if not select.select([line], [], [], 0.1)[0]:
            if time.monotonic() > patience:
                raise FirmwareError("the menu neither asks nor ends", "".join(p.text for p in pieces)[-400:])
            continue
        try:
            data = os.read(line, 4096).decode("ascii", "replace").replace("\r\n", "\n")
        except OSError:
            return pieces  # The program has ended.
        pieces.append(Piece(time.monotonic() - begin, data))
        seen += data
        asks = _ASKS.search(seen)
        if asks is None:
            continue
        seen, patience = "", time.monotonic() + _PATIENCE
        texts = left.get(asks["key"] or _CODE, [])
        _type(line, texts.pop(0) if texts else "", pace)


def _type(line: int, text: str, pace: Pace) -> None:
    time.sleep(pace.reading)
    for character in text if pace.key else [text]:
        os.write(line, character.encode())
        time.sleep(pace.key)
    os.write(line, b"\r")
