"""The menu on a pseudo-terminal: as a VT100 of 80 columns, one of unknown size, a slow and a noisy line."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from firmware.lab.deadline import stretched
from tests.unit.console.line import Line

SEED = int(os.environ.get("HOTSPARE_SEED", "1"))
SIZES = {"80x24": (24, 80), "unknown size": (0, 0), "small": (10, 40), "one": (1, 1), "huge": (65535, 65535)}
ENDS = b"\x04"
"""Ctrl-D, alone on a line."""
SCRAPS = (
    *(
        b"\x1b",
        b"\x1b[",
        b"\x1bO",
        b"\x1b[A",
        b"\x1b[200~",
        b"\x1b[24;80R",
        b"\x1b[6n",
        b"\x1bc",
        b"\x1b]0;x\x07",
    ),
    *(b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", "ä€😀".encode(), b"\xff\xfe\x80", b"\x9b1m"),
    *(b"\x00", b"\x00\xff" * 40, b"\x08" * 20, b"\x7f" * 20, b"\x15", b"\x17", b"\x0b", b"\x19", b"\x1f"),
    *(
        b"\x12",
        b"\x13",
        b"\x11",
        b"\x16",
        b"\x18(",
        b"\x18)",
        b"\x18e",
        b"\x18\x18",
        b"\x1a",
        b"\x1c",
        b"\x0e",
    ),
    *(
        b"\x1b9\x1b9\x1b9",
        b"\x1b-",
        b"\x1b\x1b",
        b"\x1d",
        b"\t\t",
        b"\x05",
        b"\x01",
        b"\x02",
        b"\x06",
        b"\x10",
    ),
    *(b"~" * 300, b"U" * 5000, b"login: root", b"<", b"?", b"!", b"\x0f", b"\x1b.", b"\x1b_", b"\x1b\x12"),
)
"""What comes from a bad line, a terminal server, or a cat on the keyboard."""


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[..., Line]]:
    lines: list[Line] = []

    def begin(program: str = "setup", size: tuple[int, int] = (24, 80), bauds: int = 0) -> Line:
        lines.append(Line(tmp_path / str(len(lines)), program, size, bauds))
        return lines[-1]

    yield begin
    for line in lines:
        line.close()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_only_what_a_dumb_terminal_knows_goes_out(at: Callable[..., Line], size: tuple[int, int]):
    line = at(size=size)
    line.go_to("hostname")
    line.resize(*reversed(size))
    line.finish()
    assert set(re.findall(r"[^\x20-\x7e\r\n]", line.screen)) <= {"\b", "\a"}
    assert max(map(len, re.split(r"[\r\n]+", line.screen))) <= 80
    (stored,) = line.stored()
    assert stored["node"]["name"] == "alpha"
    assert "correct horse" not in line.screen


def test_a_line_of_9600_baud_is_no_other_line(at: Callable[..., Line]):
    line = at(bauds=9600)
    line.finish()
    assert line.stored()[0]["node"]["time_zone"] == "Europe/Berlin"


def test_what_is_typed_before_it_is_asked_counts(at: Callable[..., Line]):
    """On a slow line people type ahead, and programs do."""
    line = at()
    line.go_to("hostname")
    line.type("alpha\rberlin\r1\ralone\r")
    line.until(lambda: "port-1 [lan] > " in line.screen)
    assert "time-zone [UTC] > " in line.screen
    line.finish()
    assert line.stored()[0]["node"]["time_zone"] == "Europe/Berlin"


@pytest.mark.parametrize("enter", ["\r\n", "\n", "\r"], ids=["CR LF", "LF", "CR"])
def test_enter_is_what_the_terminal_sends(at: Callable[..., Line], enter: str):
    """With CR LF each Enter would answer two questions."""
    line = at()
    line.enter = enter
    line.finish()
    (stored,) = line.stored()
    assert stored["node"]["time_zone"] == "Europe/Berlin"
    line = at()
    line.enter = enter
    line.go_to("hostname")
    line.type(f"alpha{enter}berlin{enter}1{enter}alone{enter}")
    line.until(lambda: "port-1 [lan] > " in line.screen)
    assert "time-zone [UTC] > " in line.screen
    line.finish()
    assert line.stored()[0]["node"]["time_zone"] == "Europe/Berlin"


def test_a_long_key_comes_through(at: Callable[..., Line]):
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} {'a-very-long-comment-' * 20}@office"
    line = at()
    line.finish(admin="2", **{"ssh-key": key})
    assert line.stored()[0]["admin"] == {"ssh_keys": [key]}


def test_a_long_answer_that_is_offered_again_leaves_room_for_another(at: Callable[..., Line]):
    """A line of 80 columns would scroll sideways, and nobody would see what is asked."""
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} admin@office"
    line = at()
    line.go_to("hostname", admin="2", **{"ssh-key": key})
    line.go_back_to("ssh-key")
    assert line.screen.endswith("\nssh-key [ssh-ed25519 AAAAC3Nz...AAAAAAA admin@office] > ")
    line.type("\r")
    line.finish()
    assert line.stored()[0]["admin"] == {"ssh_keys": [key]}


def back_to(line: Line, key: str) -> None:
    """Forward or back, whatever the noise has answered."""
    order = ("language", "start", "admin", "password", "password-again", "hostname", "time-zone", "cards")
    for _ in range(100):
        if (asked := line.question()) == key:
            return
        if asked in order and order.index(asked) < order.index(key):
            line.answer(asked, {})
        else:
            line.type("<\r")
    raise AssertionError(line.screen[-600:])


@pytest.mark.parametrize("key", ["hostname", "password"])
def test_no_byte_takes_the_console_away(at: Callable[..., Line], key: str):
    """Each of them after a letter, with Enter behind it, as an answer and as a secret one."""
    line = at()
    for byte in range(256):
        back_to(line, key)
        line.type(b"x" + bytes([byte]) + b"\r")
        line.question()
        assert line.process.poll() is None, hex(byte)
    back_to(line, "hostname")
    line.finish()
    assert line.stored()[0]["node"]["name"] == "alpha"


@pytest.mark.parametrize("key", ["hostname", "password"])
def test_no_scrap_takes_the_console_away(at: Callable[..., Line], key: str):
    line = at()
    for scrap in SCRAPS:
        back_to(line, key)
        line.type(scrap + b"\r")
        line.question()
        assert line.process.poll() is None, scrap
    back_to(line, "hostname")
    line.finish()
    assert line.stored()[0]["node"]["name"] == "alpha"


def noisy(line: Line, chance: Random, bursts: int) -> bool:
    """Noise at whatever is asked; whether the program is still there: Ctrl-D may have ended it."""
    for _ in range(bursts):
        line.question()
        noise = b"".join(
            chance.choice(
                (chance.randbytes(chance.randrange(30)), chance.choice(SCRAPS), b"\r", b"\x03", b"1\r")
            )
            for _ in range(chance.randrange(1, 6))
        )
        line.type(noise.replace(ENDS, b"") + b"\r\r")  # The first one may end half a sequence.
        line.until(lambda: line.process.poll() is not None or line.at_question())
        if line.process.poll() is not None:
            return False
    return True


def quiet(line: Line) -> None:
    """Nothing of the noise is left to be read: what was typed behind it stands at a question.

    Without it a person answers questions that the noise, which is still on its way, answers before.
    """
    line.type(b"\x03\x03listening")
    line.until(lambda: line.screen.endswith("> listening") or line.process.poll() is not None)


def endure(at: Callable[..., Line], seed: int, bursts: int) -> None:
    """After the noise, a person sets the box up, unless the noise has."""
    line = at()
    assert noisy(line, Random(seed), bursts) or line.process.returncode == 0, line.screen[-600:]
    if line.process.poll() is None:
        quiet(line)
    if not line.stored():
        line.type("\r")
        back_to(line, "hostname")
        line.finish()
    # What comes in the instant before readline takes the terminal over, the kernel echoes as it came.
    assert set(re.findall(r"[^\x20-\x7e\r\n]", line.screen)) <= set("\b\a\t\ufffd")
    assert "Traceback" not in line.screen
    assert "fault of the menu" not in line.screen


@pytest.mark.parametrize("number", range(3))
def test_noise_on_the_line_is_endured(at: Callable[..., Line], number: int):
    endure(at, SEED * 1000 + number, 12)


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(100))
def test_much_noise_on_the_line_is_endured(at: Callable[..., Line], number: int):
    endure(at, SEED * 1000 + 100 + number, 60)


def test_ctrl_c_stops_and_begins_anew(at: Callable[..., Line]):
    line = at()
    line.go_to("hostname")
    line.type(b"half a na\x03")
    line.until(lambda: "Stopped: nothing was changed." in line.screen)
    assert line.question() == "language"
    line.go_to("password")
    line.type(b"half a secr\x03")
    line.until(lambda: line.screen.count("Stopped: nothing was changed.") == 2)
    assert not line.stored()
    line.finish()


def test_ctrl_d_leaves_with_nothing_changed(at: Callable[..., Line]):
    line = at()
    line.question()
    line.type(ENDS)
    line.ends()
    assert not line.stored()
    assert not (line.root / "data").exists()


def test_a_line_that_is_cut_ends_the_menu(at: Callable[..., Line]):
    line = at()
    line.question()
    line.hang_up()
    line.process.wait(stretched(60))
    assert not line.stored()


def test_the_later_menu_is_as_steady(at: Callable[..., Line]):
    line = at("menu")
    for scrap in SCRAPS:
        assert line.question() in ("menu", "continue") or line.type("!\r") is None
        line.type(scrap + b"\r")
        line.until(lambda: line.at_question() or line.process.poll() is not None)
        assert line.process.poll() is None, scrap
    for _ in range(60):  # What a scrap drew again may look like a question that is answered already.
        line.until(lambda: line.at_question() or line.process.poll() is not None)
        if line.process.poll() is not None:
            break
        line.type("leave\r" if line.at_question() == "menu" else "!\r")
    line.ends()
    assert "Traceback" not in line.screen


TWO_QUESTIONS = """
import signal, time
from hadaemon.console.terminal import Line, steady

line = Line()
with steady():
    line.read("first > ")
    line.read("second > ")
signal.signal(signal.SIGALRM, signal.SIG_DFL)  # As Python does while it ends.
time.sleep(1)
"""


def test_no_timer_outlives_its_question(tmp_path: Path):
    """Its signal, which nobody takes any more, would kill a menu that is about to end."""
    script = tmp_path / "two_questions.py"
    script.write_text(TWO_QUESTIONS)
    line = Line(tmp_path, script=script)
    try:
        for key in ("first", "second"):
            assert line.question() == key
            line.type("x\r")
        line.ends()
    finally:
        line.close()
