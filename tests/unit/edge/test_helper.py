"""The root helper and the daemon's side of it."""

import asyncio
import os
import socket
import threading
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched
from hadaemon.helper import main as helper
from hadaemon.helper.drop_addresses import _messages, _protocol
from hadaemon.io.errors import HelperError
from hadaemon.io.helper import ask_helper

ME = frozenset({os.getuid()})
VERBS = {"mark-good": ("true",), "fail": ("sh", "-c", "echo no slot >&2; exit 3"), "gone": ("/nonexistent",)}


def answer(request: bytes, allowed: frozenset[int] = ME) -> str:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        ours.settimeout(stretched(2))
        theirs.sendall(request)
        theirs.shutdown(socket.SHUT_WR)
        return helper.serve(ours, allowed, VERBS)


def test_a_verb_is_done():
    assert answer(b"mark-good\n") == "ok"


@pytest.mark.parametrize(
    "request_,wanted",
    [
        (b"fail\n", "error sh ended with 3: no slot"),
        (b"gone\n", "error [Errno 2]"),
        (b"rm -rf /\n", "error unknown verb"),
        (b"mark-good; reboot\n", "error unknown verb"),
        (b"\xff\xfe\n", "error unknown verb"),
        (b"mark-good", "error no request"),
        (b"", "error no request"),
        (b"m" * 1000, "error no request"),
    ],
)
def test_everything_else_is_refused(request_: bytes, wanted: str):
    assert answer(request_).startswith(wanted)


def test_another_user_is_refused_before_anything_is_read():
    assert (
        answer(b"mark-good\n", allowed=frozenset({os.getuid() + 1}))
        == f"error user {os.getuid()} may not ask for anything"
    )


def test_the_fixed_verbs_are_absolute_paths_without_arguments_from_outside():
    assert {command[0][0] for command in helper.VERBS.values()} == {"/"}
    assert set(helper.VERBS) == {
        *("mark-good", "trial-back", "trial-over", "failed-units", "bad-slot"),
        *("firmware-state", "upgrade-work", "upgrade-back", "upgrade-off", "upgrade-restart"),
        *("apply-network", "conntrackd-restart", "conntrackd-stop"),
    }


def test_the_answer_has_what_the_verb_printed():
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(b"say\n")
        assert helper.serve(ours, ME, {"say": ("echo", "two", "words")}) == "ok two words"


def serve_once(path: Path, reply: bytes) -> threading.Thread:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(1)

    def serve() -> None:
        connection, _ = server.accept()
        with server, connection:
            connection.recv(100)
            connection.sendall(reply)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "reply,wanted",
    [(b"error no slot\n", "no slot"), (b"", "closed without an answer"), (b"x" * 9999, "too long")],
)
def test_the_daemon_hears_why_not(tmp_path: Path, reply: bytes, wanted: str):
    thread = serve_once(tmp_path / "s", reply)
    with pytest.raises(HelperError, match=wanted):
        asyncio.run(ask_helper(tmp_path / "s", "mark-good"))
    thread.join(stretched(5))


def test_the_daemon_hears_that_it_is_done(tmp_path: Path):
    thread = serve_once(tmp_path / "s", b"ok\n")
    assert asyncio.run(ask_helper(tmp_path / "s", "mark-good")) == ""
    thread.join(stretched(5))


def test_a_helper_that_is_not_there(tmp_path: Path):
    with pytest.raises(HelperError, match="No such file"):
        asyncio.run(ask_helper(tmp_path / "s", "mark-good"))


@pytest.mark.parametrize("data", [b"", b"\0" * 16, b"\0" * 64, b"\x01" * 40])
def test_broken_netlink_data_ends(data: bytes):
    assert len(list(_messages(data))) <= 5
    assert _protocol(data) in (0, 1)
