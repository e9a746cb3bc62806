"""`hactl status`: one screen with everything, colours where they belong, and `--watch` on every terminal."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firmware.lab.deadline import stretched
from hadaemon.cli.colour import coloured, has_colours
from hadaemon.cli.status import fitted
from hadaemon.cluster.phases import Phase
from tests.unit.cli.answers import pair, problem, shown
from tests.unit.cli.test_hactl import hactl, serving

NOW = 1772352044.0
"""2026-03-01 08:00:44 UTC."""
HOME = "\x1b[H"


def test_one_screen_tells_state_why_since_when_both_nodes_sync_firmware_connections_and_problems():
    assert shown(pair(), now=NOW).splitlines() == [
        "redundant: a takeover would work now",
        "alpha (master) of cluster office: ACTIVE for 2 h 3 min",
        "  since 2026-03-01 05:57:39 UTC: no active node was heard",
        "  priority 254: all links up, preferred",
        "  firmware 0.1.0, slot A",
        "",
        "port  interface  link  VRID  state   address          virtual addresses",
        "lan   enp1s0     up    51    active  192.168.175.102  192.168.175.101/24 (here)",
        "wan   enp2s0     up    52    active  192.168.175.102  192.168.175.101/24 (here)",
        "",
        "hotwire: up, encrypted, enp3s0 192.168.180.2/24, 192.168.180.3 heard 0.0 s ago",
        "  beta (spare), priority 253: all links up, not preferred, ready to take over",
        "  links: lan up, wan up",
        "                 alpha                   beta",
        "  state          ACTIVE for 2 h 3 min    BACKUP for 2 h 1 min",
        "  firmware       0.1.0                   0.1.0",
        "  configuration  generation 7, 01234567  generation 7, 01234567",
        "  connections    120                     120",
        "  load           0.25                    0.25",
        "connections: 120 here, 118 on the other node",
        "configuration: synchronized: both nodes have generation 7",
        "firmware: synchronized: both nodes run 0.1.0",
        "",
        "no problems",
    ], "it fits on a terminal of 24 lines"


def test_it_is_not_wider_than_a_terminal():
    assert max(map(len, shown(pair(), now=NOW).splitlines())) <= 80


def test_what_should_be_on_a_card_that_is_missing_is_not_said_to_be_here():
    answer = pair()
    answer["ports"][1]["interface"] = None
    told = [line for line in shown(answer).splitlines() if line.startswith(("lan ", "wan "))]
    assert [line.endswith("(here)") for line in told] == [True, False]


@pytest.mark.parametrize("phase", Phase.__args__)
def test_what_a_node_is_in_the_middle_of_is_told_in_words(phase: type):
    quiet, busy = shown(pair()).splitlines(), shown(pair(phase=phase.__name__.lower())).splitlines()
    (line,) = (line for line in busy if line not in quiet)
    assert " " in line.strip(), "no words, but the bare name of it"


def test_problems_come_last_where_the_eye_is():
    problems = [problem("lan: no carrier"), problem("wan: no carrier")]
    told = shown(pair(problems=problems)).splitlines()
    assert told[-3:] == ["problems:", "  ! lan: no carrier", "  ! wan: no carrier"]


def test_what_the_advertisements_told_is_shown_while_the_hotwire_is_silent():
    answer = pair(
        peer={"state": "active", "address": "192.0.2.2", "port": "lan", "priority": 253, "last_heard": 0.2}
    )
    assert "peer: active, 192.0.2.2" not in shown(answer)
    assert "peer: active, 192.0.2.2" in shown(answer, verbose=True)
    answer["hotwire"]["state"] = "silent"
    assert "peer: active, 192.0.2.2" in shown(answer)


@contextmanager
def terminal(rows: int = 0, columns: int = 0) -> Iterator[tuple[int, int]]:
    """Both ends; 0 by 0 is what a serial line says of its size."""
    own, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        yield own, other
    finally:
        os.close(own)
        os.close(other)


@pytest.mark.parametrize(
    "environment,on",
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "linux"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "vt220"}, False),
        ({"TERM": "nobody-knows"}, False),
        ({}, False),
    ],
)
def test_colours_only_on_a_terminal_that_has_them(environment: dict[str, str], on: bool):
    code = (
        "from hadaemon.cli.colour import coloured, has_colours; import sys; print(has_colours(sys.stdout));"
        "print(coloured('  ! a problem'))"
    )
    plain = {key: value for key, value in os.environ.items() if key not in ("TERM", "NO_COLOR")}
    with terminal() as (own, other):
        subprocess.run([sys.executable, "-P", "-c", code], stdout=other, env=plain | environment, check=True)
        shown = os.read(own, 1000).decode()
    assert shown == (f"{on}\r\n" + ("\x1b[31m  ! a problem\x1b[m" if on else "  ! a problem") + "\r\n")


def test_a_colour_changes_no_word(monkeypatch: pytest.MonkeyPatch):
    text = shown(pair(problems=[problem("lan: no carrier")], state="fault"), now=NOW)
    assert coloured(text) == text, "a file or a pipe has no colours"
    monkeypatch.setattr("hadaemon.cli.colour.has_colours", lambda _: True)
    painted = coloured(text)
    assert painted != text
    assert painted.replace("\x1b[m", "").replace("\x1b[31m", "").replace("\x1b[32m", "") == text
    assert "\x1b[31mFAULT\x1b[m for" in painted


def test_a_stream_without_a_file_has_no_colours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    with Path(os.devnull).open("w") as stream:
        assert not has_colours(stream)


def test_what_is_redrawn_fits_the_screen():
    assert fitted(["a" * 81, "b"], 80, 24) == ["a" * 79 + "…", "b"]
    assert fitted(["a", "", "b"], 80, 2) == ["a", "b"]
    assert fitted([str(number) for number in range(30)], 80, 5) == [
        *("0", "1", "2", "3"),
        "… 26 more lines: `hactl status` without --watch has them",
    ]


class Watcher:
    """`hactl status --watch` at a terminal or at a pipe."""

    def __init__(self, socket: Path, stdout: int, read: int, term: str, *arguments: str) -> None:
        code = "from hadaemon.cli.main import main; raise SystemExit(main())"
        command = [sys.executable, "-P", "-c", code, "--socket", str(socket), "status", "--watch", "0.2"]
        environment = os.environ | {"TERM": term, "NO_COLOR": "1"}
        for size in ("LINES", "COLUMNS"):  # They would count more than the terminal's own.
            environment.pop(size, None)
        self._read = read
        self.seen = ""
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def until(self, text: str, times: int) -> str:
        """What has come when it has come so often. A terminal does not tell that nothing more will come."""
        deadline = time.monotonic() + stretched(30)
        while self.seen.count(text) < times:
            ready, _, _ = select.select([self._read], [], [], 0.1)
            if ready:
                self.seen += os.read(self._read, 1 << 16).decode()
            elif self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"{self.seen!r}; {self.process.communicate()[1]}")
        return self.seen

    def end(self) -> tuple[int, str]:
        """With Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=stretched(30))
        return self.process.returncode, errors


@pytest.mark.parametrize("term,size", [("vt100", (0, 0)), ("xterm", (10, 40))])
def test_watch_redraws_on_a_terminal(tmp_path: Path, term: str, size: tuple[int, int]):
    with serving(tmp_path / "s", lambda request: pair()), terminal(*size) as (own, other):
        watcher = Watcher(tmp_path / "s", other, own, term)
        frame = watcher.until(HOME, 3).split(HOME)[1]
        assert watcher.end() == (0, "")
    rows, columns = size if size[0] else (24, 80)
    lines = frame.removesuffix("\x1b[J").split("\r\n")
    assert len(lines) <= rows, "the last line is left for the cursor"
    assert all(len(line.removesuffix("\x1b[K")) <= columns for line in lines)
    assert all(line.endswith("\x1b[K") for line in lines[:-1]), "what was longer before is wiped"
    assert "of cluster office: ACTIV" in frame
    assert ("no problems" in frame) == (rows == 24), "everything is on a screen of 80 by 24"


@pytest.mark.parametrize("to", ["dumb terminal", "pipe"])
def test_watch_repeats_plain_blocks_otherwise(tmp_path: Path, to: str):
    with serving(tmp_path / "s", lambda request: pair()), terminal() as (own, other):
        read, write = os.pipe()
        if to == "pipe":
            watcher = Watcher(tmp_path / "s", write, read, "xterm")
        else:
            watcher = Watcher(tmp_path / "s", other, own, "dumb")
        told = watcher.until("no problems", 3)
        assert watcher.end() == (0, "")
        os.close(read)
        os.close(write)
    assert "\x1b" not in told
    assert told.count("every 0.2 s") >= 3


def test_watch_for_programs_is_an_object_a_line(tmp_path: Path):
    read, write = os.pipe()
    with serving(tmp_path / "s", lambda request: pair()):
        watcher = Watcher(tmp_path / "s", write, read, "xterm", "--json")
        told = watcher.until("\n", 3)
        assert watcher.end() == (0, "")
    os.close(read)
    os.close(write)
    first, second, *_ = told.splitlines()
    assert json.loads(first) == json.loads(second) == pair()


def test_watch_outlives_the_daemon(tmp_path: Path):
    read, write = os.pipe()
    with serving(tmp_path / "s", lambda request: pair()):
        watcher = Watcher(tmp_path / "s", write, read, "xterm")
        watcher.until("no problems", 1)
    watcher.until("the daemon does not answer", 1)
    with serving(tmp_path / "s", lambda request: pair()):
        watcher.seen = ""
        watcher.until("no problems", 1)
        assert watcher.end() == (0, "")
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("wrong", ["0", "soon", "-1", "nan", "86400"])
def test_an_interval_that_makes_no_sense(wrong: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        hactl(Path("s"), "status", f"--watch={wrong}")
    assert ended.value.code == 2
    assert "a number of seconds is wanted" in capsys.readouterr().err


def test_every_state_has_its_colour(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hadaemon.cli.colour.has_colours", lambda _: True)
    wanted: dict[str, Any] = {"ACTIVE": 32, "BACKUP": 32, "FAULT": 31, "MAINTENANCE": 33, "OFF": 33}
    for state, colour in wanted.items():
        assert f"\x1b[{colour}m{state}\x1b[m" in coloured(
            f"alpha (master) of cluster office: {state} for 1 s"
        )
