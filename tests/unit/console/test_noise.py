"""Noise before the right answer, at every question of every flow, through the real line editor.

What is accepted is what the person sees on the line, or what he typed where he sees nothing: so he, or a
program, types again what the noise has spoilt, and comes to the same end as on a quiet line.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.unit.console import noisy_box
from tests.unit.console.line import Line
from tests.unit.menu.test_wrong_answers import QUESTIONS, Way

MEANT = b"\x03\x04\x0c"
"""Ctrl-C and Ctrl-D; Ctrl-L draws the line again."""
ENTERS = b"\r\n"
NOISES: Mapping[str, bytes] = {
    "NUL": b"\x00",
    "control bytes": bytes(byte for byte in range(1, 32) if byte not in b"\x1b" + MEANT + ENTERS),
    "escape": b"\x1b",
    "escapes": b"\x1b\x1b\x1b",
    "half a sequence": b"\x1b[",
    "arrows": b"\x1b[D\x1b[A\x1bOD\x1b[1;5D",
    "where the cursor is": b"\x1b[24;80R",
    "a paste": b"\x1b[200~",
    "a title": b"\x1b]0;x\x07",
    "half a letter": b"\xc3",
    "most of a letter": b"\xf0\x9f\x98",
    "no UTF-8": b"\xff\xfe\x80\xed\xa0\x80",
    "C1": b"\x9b1m",
    "deletes": b"\x7f\x08",
    "64 KiB": b"U" * 65536,
    "CR": b"\r",
    "CR LF": b"\r\n",
}
"""A line feed alone is Enter or nothing, by when it comes: that is no test."""
FINAL = {"pair", "check", "pair-again", "join-again", "installed", "continue"}
"""Enter alone has something done there: it is no noise."""
UNSEEN = ("password", "pppoe-password-", "key", "continue")
"""Secrets, and what only waits for Enter."""
SEED = int(os.environ.get("HOTSPARE_SEED", "1"))
TRIES = 20
FEW = ("dhcp-range-lan", "pppoe-vlan-wan", "card-wan", "key")
"""Questions on ways that have most of the others."""


OTHERS = tuple({id(way): key for key, (way, _) in QUESTIONS.items() if key not in ("repair", *FEW)}.values())
"""One question of each other way; from `repair` only `<` leads on."""


class Typing:
    """Somebody at a line with noise."""

    def __init__(self, line: Line, answers: Mapping[str, list[str]], noises: Sequence[bytes]) -> None:
        self._line, self._noises = line, noises
        self._left = {key: list(texts) for key, texts in answers.items()}

    def walk(self) -> str:
        """To the end of the flow, with the noises in turn; what was done."""
        number = 0
        while (key := self._next()) is not None:
            noise = self._noises[number % len(self._noises)]
            texts = self._left.get(key)
            self._answer(key, noise, texts.pop(0) if texts else "")
            number += 1
        return (self._line.root / noisy_box.DONE).read_text()

    def _next(self) -> str | None:
        """The question that waits; None: the flow has ended."""
        self._line.until(lambda: self._line.at_question() or self._line.process.poll() is not None)
        return self._line.at_question() or None

    def _answer(self, key: str, noise: bytes, right: str) -> None:
        """Until the right answer is taken: what is asked again is typed again, what is seen to be wrong is
        gone back to."""
        default = self._line.screen.rpartition(f"{key} [")[2].rpartition("] > ")[0]
        quiet = not noise.strip(ENTERS)
        if noise and quiet and key not in FINAL:
            self._line.type(noise)
            if self._next() is None:  # It was the last one, and Enter alone is an answer to it.
                assert not right
                return
        self._go_back_to(key)
        for _ in range(TRIES):
            shown, following = self._typed((b"" if quiet else noise) + right.encode())
            if following != key and (quiet or shown == right or key.startswith(UNSEEN)):
                return
            self._go_back_to(key)
            # What was taken is offered now.
            quiet, right = True, right or default
        raise AssertionError(f"{key} is never answered:\n{self._line.screen[-1000:]}")

    def _typed(self, text: bytes) -> tuple[str, str | None]:
        """What stands on the line then, and what is asked next; meanwhile the line may be drawn again."""
        begin = len(self._line.screen)
        self._line.type(text + b"\r")
        self._line.until(lambda: "\n" in self._line.screen[begin:] or self._line.process.poll() is not None)
        shown, end, _ = self._line.screen[begin:].partition("\n")
        self._line.seen = begin + len(shown + end)
        return shown.replace("\r", ""), self._next()

    def _go_back_to(self, key: str) -> None:
        for _ in range(TRIES):
            if self._next() == key:
                return
            self._typed(b"<")
        raise AssertionError(f"no way back to {key}:\n{self._line.screen[-1000:]}")


def walked(folder: Path, key: str, way: Way, noises: Sequence[bytes]) -> str:
    line = Line(folder / "box", key, script=Path(noisy_box.__file__))
    try:
        return Typing(line, way.answers, noises).walk()
    finally:
        line.close()
        assert "Traceback" not in line.screen


def assert_noise_changes_nothing(folder: Path, key: str, way: Way, shift: int) -> None:
    """At the n-th question the noise whose turn it is, `shift` later."""
    noises = list(NOISES.values())
    quiet, noisy = folder / "quiet", folder / "noisy"
    for each in (quiet, noisy):
        each.mkdir()
    expected = walked(quiet, key, way, [b""])
    assert walked(noisy, key, way, noises[shift:] + noises[:shift]) == expected


@pytest.mark.parametrize("key", FEW)
def test_noise_changes_nothing_of_what_is_set_up(tmp_path: Path, key: str):
    assert_noise_changes_nothing(tmp_path, key, QUESTIONS[key][0], SEED % len(NOISES))


@pytest.mark.nightly
@pytest.mark.parametrize("shift", range(len(NOISES)), ids=NOISES)
@pytest.mark.parametrize("key", FEW)
def test_no_noise_at_any_question_of_the_set_up_changes_anything(tmp_path: Path, key: str, shift: int):
    assert_noise_changes_nothing(tmp_path, key, QUESTIONS[key][0], shift)


@pytest.mark.nightly
@pytest.mark.parametrize("key", OTHERS)
def test_noise_at_every_question_changes_nothing(tmp_path: Path, key: str):
    assert_noise_changes_nothing(tmp_path, key, QUESTIONS[key][0], (SEED + len(key)) % len(NOISES))
