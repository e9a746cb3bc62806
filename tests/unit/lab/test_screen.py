"""The status line: plain lines in a script, the last row of a terminal."""

import os
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from firmware.lab.screen import Screen, elapsed_text


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    """Replaces standard output; returns what is written."""

    def replace(terminal: bool) -> list[str]:
        written: list[str] = []
        fake = SimpleNamespace(write=written.append, flush=lambda: None, isatty=lambda: terminal)
        monkeypatch.setattr(sys, "stdout", fake)
        monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((20, 10)))
        return written

    return replace


def test_elapsed_time_is_minutes_and_seconds() -> None:
    assert elapsed_text(0) == "00:00"
    assert elapsed_text(125.9) == "02:05"
    assert elapsed_text(3600) == "60:00"


def test_a_script_gets_each_status_as_a_line(output: Callable[[bool], list[str]]) -> None:
    written = output(False)
    screen = Screen()
    screen.status("alpha: booting")
    screen.say("pair> ping")
    screen.close()
    assert written == ["[00:00] alpha: booting\n", "pair> ping\n"]


def test_a_terminal_keeps_it_in_the_last_row_and_gets_it_back(output: Callable[[bool], list[str]]) -> None:
    written = output(True)
    screen = Screen()
    screen.status("a status that is longer than the terminal is wide")
    drawn = "".join(written)
    assert "\x1b[1;9r" in drawn, "the scroll region ends above the last row"
    assert "\x1b[10;1H" in drawn
    assert " a status that is lo\x1b[0m" in drawn
    written.clear()
    screen.close()
    assert "\x1b[r" in "".join(written), "the scroll region is the whole terminal again"


def test_nothing_is_drawn_over_a_console(output: Callable[[bool], list[str]]) -> None:
    written = output(True)
    screen = Screen()
    screen.status("one")
    screen.pause()
    written.clear()
    screen.status("two")
    assert written == []
    screen.resume()
    assert " two" in "".join(written)
