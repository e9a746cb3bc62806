"""One function runs programs: what it gives them, what it takes from them, and when it stops them."""

import os
import time
from pathlib import Path

import pytest

from hadaemon.io.programs import run
from hadaemon.io.programs.run import ProgramError, follow_program, run_program

LARGE = b"0123456789abcdef" * (1 << 16)
"""More than a pipe holds, several times."""


def test_a_program_gets_its_input_and_gives_its_output():
    assert run_program("cat", data=LARGE) == LARGE.decode()
    assert run_program("cat") == ""
    assert run_program("sh", "-c", "echo one; echo two >&2") == "one\n"
    assert run_program("sh", "-c", "echo one; echo two >&2", merged=True) == "one\ntwo\n"
    assert run_program("printf", r"\377") == "�"


def test_a_program_has_the_environment_that_it_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OURS", "1")
    assert run_program("/usr/bin/env", environment={"ONLY": "this"}) == "ONLY=this\n"
    assert "OURS=1\n" in run_program("/usr/bin/env")


def test_a_program_that_reads_no_input_is_no_error():
    assert run_program("true", data=LARGE) == ""


def test_a_program_that_fails_says_why_and_what_it_wrote():
    with pytest.raises(ProgramError, match=r"^sh -c .*: it  *broke$") as failed:
        run_program("/bin/sh", "-c", "echo half; echo 'it   ' >&2; echo broke >&2; exit 3")
    assert (failed.value.status, failed.value.output, failed.value.said) == (3, "half\n", "it   \nbroke\n")
    with pytest.raises(ProgramError, match=r"^false: ended with 1$"):
        run_program("false")


def test_a_program_that_is_not_there_or_may_not_run_is_named(tmp_path: Path):
    with pytest.raises(ProgramError, match=r"^/no/such: there is no such program: install it$") as missing:
        run_program("/no/such")
    assert missing.value.status is None
    (tmp_path / "data").write_text("")
    with pytest.raises(ProgramError, match=r"data: cannot be started: Permission denied$"):
        run_program(str(tmp_path / "data"))


@pytest.mark.parametrize("script", ["echo begun; exec sleep 60", "echo begun; exec >&- 2>&-; exec sleep 60"])
def test_a_program_that_takes_too_long_is_stopped(script: str):
    before = time.monotonic()
    with pytest.raises(ProgramError, match=r"^sh: not done in 0.3 s$") as late:
        run_program("sh", "-c", script, timeout=0.3)
    assert (late.value.status, late.value.output) == (None, "begun\n")
    assert time.monotonic() - before < 30


def test_a_child_that_keeps_the_output_open_makes_nobody_wait():
    before = time.monotonic()
    assert run_program("sh", "-c", "sleep 60 & echo begun", timeout=0.3) == "begun\n"
    assert time.monotonic() - before < 30


def test_a_program_that_writes_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "_MOST", 100_000)
    for output in ("", ">&2"):
        with pytest.raises(ProgramError, match=r"^sh: it has written more than 100000 bytes$"):
            run_program("sh", "-c", f"yes {output}")


def test_no_descriptor_is_left_open():
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - a Path would open one more
    run_program("cat", data=LARGE)
    with pytest.raises(ProgramError):
        run_program("sh", "-c", "sleep 5", timeout=0.05)
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


def test_a_program_is_followed_line_by_line():
    lines: list[str] = []
    assert follow_program("sh", "-c", "echo one; echo two >&2; exit 7", line=lines.append) == 7
    assert lines == ["one\n", "two\n"]
    with pytest.raises(ProgramError, match="there is no such program"):
        follow_program("/no/such", line=lines.append)
