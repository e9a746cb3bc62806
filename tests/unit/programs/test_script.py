"""What may be run, what is said to the sandbox, and what is told of the end."""

import pytest

from hadaemon.programs.protocol import (
    Ended,
    Look,
    Run,
    answer_line,
    answer_of,
    request_line,
    request_of,
)
from hadaemon.programs.script import MAX_BYTES, interpreter
from hadaemon.programs.words import end_of, last_line


@pytest.mark.parametrize(
    "content,expected",
    [
        (b"#!/bin/sh\nexit 0\n", "/bin/sh"),
        (b"#! /usr/bin/python3 -u\n", "/usr/bin/python3"),
        (b"#!/bin/sh", "/bin/sh"),
    ],
)
def test_a_script_names_its_interpreter(content, expected):
    assert interpreter(content) == expected


@pytest.mark.parametrize(
    "content,reason",
    [
        (b"", "is not executable"),
        (b"exit 0\n", "is not executable"),
        (b"#!\n", "is not executable"),
        (b"#!sh\n", "is not executable"),
        (b"#!/bin/sh\r\nexit 0\r\n", "Unix line ends"),
        (b"\x7fELF\xff", "not UTF-8 text"),
        (b"#!/bin/sh\n" + b"#" * MAX_BYTES, "are the limit"),
    ],
)
def test_what_cannot_be_run_is_refused(content, reason):
    with pytest.raises(ValueError, match=reason):
        interpreter(content)


def test_requests_and_answers_survive_the_line():
    run = Run("mail", "#!/bin/sh\necho ü\n", 2.5, {"HOTSPARE_STATE": "active"}, ("a b", "c"))
    for request in (run, Look("postfix/master")):
        assert request_of(request_line(request)) == request
    for ended in (Ended(True), Ended(False, "ended with 1: nö")):
        assert answer_of(answer_line(ended)) == ended


@pytest.mark.parametrize(
    "line",
    [b"", b"[]\n", b'"process"\n', b"{}\n", b'{"name": "../x", "script": "", "timeout": 1}\n', b"\xff\n"],
)
def test_no_request_is_none(line):
    with pytest.raises(ValueError, match="no request"):
        request_of(line)


def test_the_last_line_is_fit_to_be_shown():
    assert last_line("", "one\ntwo\n\n") == "two"
    assert last_line("what went wrong\n", "ok\n") == "what went wrong"
    assert last_line("\x1b[31mred\x07\tend\n") == "[31mred end"
    assert len(last_line("x" * 1000)) < 200
    assert last_line("", "\n") == ""


def test_the_end_is_told():
    assert end_of(3, "the queue is stuck") == "ended with 3: the queue is stuck"
    assert end_of(1, "") == "ended with 1"
    assert end_of(-9, "") == "was killed by signal 9"
