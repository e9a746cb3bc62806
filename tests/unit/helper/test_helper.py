"""The root helper and the daemon's side of it."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from firmware.lab.deadline import stretched
from hadaemon.helper import main as helper
from hadaemon.io.errors import HelperError
from hadaemon.io.kernel import drop_addresses
from hadaemon.io.kernel.drop_addresses import _messages, _protocol
from hadaemon.io.sockets.helper import ask_helper

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


def test_nobody_may_hear_the_answer_any_more():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"nothing-known\n")
        ours.close()
        done = subprocess.run(
            [sys.executable, "-P", "-m", helper.__name__],
            stdin=theirs.fileno(),
            capture_output=True,
            text=True,
            check=False,
            timeout=stretched(30),
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "helper: nobody hears the answer: Broken pipe"


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


class Kernel:
    """Has two virtual addresses, and answers each removal with an error or none."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.addresses = [self._told(4, b"\xc0\0\2\1"), self._told(4, b"\xc0\0\2\2")]
        self.asked: list[int] = []
        self._answers: list[bytes] = []

    def send(self, request: bytes) -> None:
        kind = drop_addresses._HEADER.unpack_from(request)[1]
        self.asked.append(kind)
        if kind == drop_addresses._RTM_GETADDR:
            told = b"".join(self._message(drop_addresses._RTM_NEWADDR, body) for body in self.addresses)
            self._answers.append(told + self._message(drop_addresses._DONE, bytes(4)))
            return
        code = 0
        if kind == drop_addresses._RTM_DELADDR:
            code = self.codes.pop(0)
            if code != errno.EPERM:
                self.addresses.remove(request[drop_addresses._HEADER.size :])
        self._answers.append(self._message(drop_addresses._ERROR, drop_addresses._CODE.pack(-code)))

    def recv(self, _: int) -> bytes:
        return self._answers.pop(0)

    def bind(self, _: object) -> None: ...

    def settimeout(self, _: float) -> None: ...

    def close(self) -> None: ...

    @staticmethod
    def _message(kind: int, body: bytes) -> bytes:
        return drop_addresses._HEADER.pack(drop_addresses._HEADER.size + len(body), kind, 0, 0, 0) + body

    @staticmethod
    def _told(prefix: int, address: bytes) -> bytes:
        local = drop_addresses._ATTRIBUTE.pack(8, 2) + address
        protocol = drop_addresses._ATTRIBUTE.pack(5, 11) + bytes([drop_addresses.PROTOCOL, 0, 0, 0])
        return drop_addresses._ADDRESS.pack(socket.AF_INET, prefix, 0, 0, 1) + local + protocol


@pytest.mark.parametrize(
    "codes, left, end",
    [
        ((0, 0), 0, 0),
        ((errno.EADDRNOTAVAIL, 0), 0, 0),
        ((errno.ENODEV, errno.EADDRNOTAVAIL), 0, 0),
        ((errno.EPERM, 0), 1, 1),
    ],
)
def test_an_address_that_is_gone_already_keeps_no_other_from_being_dropped(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], left: int, end: int
) -> None:
    kernel = Kernel(*codes)
    monkeypatch.setattr(drop_addresses, "socket", lambda *_: kernel)
    assert drop_addresses.main() == end
    assert len(kernel.addresses) == left
    assert (drop_addresses._RTM_NEWLINK in kernel.asked) is (end == 0), "links that follow are taken down"


@pytest.mark.parametrize("data", [b"", b"\0" * 16, b"\0" * 64, b"\x01" * 40])
def test_broken_netlink_data_ends(data: bytes):
    assert len(list(_messages(data))) <= 5
    assert _protocol(data) in (0, 1)
