"""The menu on a pseudo-terminal: as a VT100 of 80 columns, one of unknown size, a slow and a noisy line."""

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
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("at_a_terminal.py")
PROMPT = re.compile(r"(?:^|[\r\n])([a-z][a-z0-9-]*)(?: \[[^\r\n]*\])? > $")
SECONDS = 30.0
ANSWERS = {
    "password": "correct horse",
    "password-again": "correct horse",
    "hostname": "alpha",
    "time-zone": "berlin",
    "purpose": "alone",
    "language": "1",
    "addresses-lan": "192.168.12.141/24",
}


class Terminal:
    """The other end of the line."""

    def __init__(self, result: Path, size: tuple[int, int], chunk: int = 4096) -> None:
        self.screen = ""
        self.seen = 0
        self._chunk = chunk
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        command = [sys.executable, "-P", str(SCRIPT), str(result)]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=_own_terminal
        )
        os.close(slave)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def until(self, found: Callable[[], object]) -> None:
        """Reads until something is on the screen."""
        deadline = time.monotonic() + SECONDS
        while not found():
            assert time.monotonic() < deadline, self.screen[-600:]
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                self.screen += os.read(self._master, self._chunk).decode("ascii", "replace")
            except OSError:
                assert found(), self.screen[-600:]

    def question(self) -> str:
        self.until(lambda: PROMPT.search(self.screen[self.seen :]))
        found = PROMPT.search(self.screen[self.seen :])
        assert found
        return found[1]

    def type(self, text: str | bytes) -> None:
        self.seen = len(self.screen)
        os.write(self._master, text if isinstance(text, bytes) else text.encode())

    def finish(self, **answers: str) -> None:
        """Answers what is asked until the box is configured."""
        known = ANSWERS | answers
        while (key := self.question()) != "write":
            self.type(f"{known.get(key, '')}\r")
        self.type("1\r")
        self.until(lambda: " is configured." in self.screen)
        assert self.process.wait(SECONDS) == 0


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return tmp_path / "stored.json"


@pytest.fixture(params=[(24, 80), (0, 0), (10, 40)], ids=["80x24", "unknown size", "small"])
def terminal(request: pytest.FixtureRequest, result: Path) -> Iterator[Terminal]:
    terminal = Terminal(result, request.param)
    yield terminal
    terminal.close()


@pytest.fixture
def vt100(result: Path) -> Iterator[Terminal]:
    terminal = Terminal(result, (24, 80))
    yield terminal
    terminal.close()


def test_only_what_a_dumb_terminal_knows_goes_out(terminal: Terminal, result: Path):
    terminal.finish()
    assert set(re.findall(r"[^\x20-\x7e\r\n]", terminal.screen)) <= {"\b", "\a"}
    assert max(map(len, re.split(r"[\r\n]+", terminal.screen))) <= 80
    (stored,) = json.loads(result.read_text())
    assert stored["node"]["name"] == "alpha"
    assert "correct horse" not in terminal.screen


def test_a_slow_line_is_no_other_line(result: Path):
    terminal = Terminal(result, (24, 80), chunk=7)
    try:
        terminal.finish()
    finally:
        terminal.close()
    assert json.loads(result.read_text())[0]["node"]["time_zone"] == "Europe/Berlin"


def test_a_long_key_comes_through(vt100: Terminal, result: Path):
    key = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43} {'a-very-long-comment-' * 20}@office"
    vt100.finish(admin="2", **{"ssh-key": key})
    assert json.loads(result.read_text())[0]["admin"] == {"ssh_keys": [key]}


@pytest.mark.parametrize(
    "noise", [b"\x1a", b"\x13", b"\x1c", b"\x11", b"\xff\xfe\x80", b"\x1b[24;80R", b"\t"]
)
def test_no_key_and_no_noise_takes_the_console_away(vt100: Terminal, result: Path, noise: bytes):
    while vt100.question() != "hostname":
        vt100.type(f"{ANSWERS.get(vt100.question(), '')}\r")
    vt100.type(noise)
    vt100.type(b"\r")
    vt100.finish()
    assert json.loads(result.read_text())[0]["node"]["name"] in ("alpha", "fw-480a01")


def test_ctrl_c_stops_and_begins_anew(vt100: Terminal, result: Path):
    while vt100.question() != "hostname":
        vt100.type(f"{ANSWERS.get(vt100.question(), '')}\r")
    vt100.type(b"half a na\x03")
    vt100.until(lambda: "END" in vt100.screen)
    assert vt100.question() == "language"
    assert not result.exists()
    vt100.finish()


def test_ctrl_d_leaves_with_nothing_changed(vt100: Terminal, result: Path):
    vt100.question()
    vt100.type(b"\x04")
    vt100.until(lambda: "EOF" in vt100.screen)
    assert vt100.process.wait(SECONDS) == 0
    assert json.loads(result.read_text()) == []


def test_a_line_that_is_cut_ends_the_menu(result: Path):
    terminal = Terminal(result, (24, 80))
    terminal.question()
    terminal.close()
    assert not result.exists() or json.loads(result.read_text()) == []
