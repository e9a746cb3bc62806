"""The sandbox's own limits, with real programs: time, output, children. The service manager has others."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from hadaemon.helper import sandbox
from hadaemon.helper.sandbox import MOST_OUTPUT, carry_out, serve
from hadaemon.io.kernel.processes import is_running
from hadaemon.programs.protocol import Ended, Look, Run, answer_of, request_line


def run(script: str, timeout: float = 5.0, *arguments: str, **environment: str) -> Ended:
    return carry_out(Run("mail", f"#!/bin/sh\n{script}\n", timeout, environment, arguments))


def gone(pid: int) -> bool:
    """Within a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "script,expected",
    [
        ("exit 0", Ended(True)),
        ("echo well", Ended(True)),
        ("exit 3", Ended(False, "ended with 3")),
        ("echo first; echo the queue is stuck; exit 1", Ended(False, "ended with 1: the queue is stuck")),
        ("echo more; echo bad >&2; exit 1", Ended(False, "ended with 1: bad")),
        ("kill -9 $$", Ended(False, "was killed by signal 9")),
    ],
)
def test_a_program_s_exit_code_counts_and_its_last_line_is_told(script, expected):
    assert run(script) == expected


def test_it_learns_what_it_is_told_and_nothing_else(monkeypatch):
    monkeypatch.setenv("SECRET", "of the service")
    assert run('test "$1$2$HOTSPARE_STATE$SECRET" = abactive', 5.0, "a", "b", HOTSPARE_STATE="active").good


def test_an_interpreter_that_is_not_there_is_told():
    ended = carry_out(Run("mail", "#!/no/such/interpreter\n", 5.0))
    assert not ended.good
    assert "no such program" in ended.said


def test_one_that_hangs_is_ended_with_its_children(tmp_path):
    pids = tmp_path / "pids"
    ended = run(f"for i in 1 2 3 4; do sleep 100 & echo $! >> {pids}; done; echo waiting; wait", 0.5)
    assert ended == Ended(False, "not done in 0.5 s: waiting")
    children = [int(pid) for pid in pids.read_text().split()]
    assert len(children) == 4
    assert all(map(gone, children))


def test_children_that_are_left_behind_are_ended_too(tmp_path):
    pids = tmp_path / "pids"
    assert run(f"sleep 100 >/dev/null 2>&1 & echo $! > {pids}").good
    assert gone(int(pids.read_text()))


def test_a_flood_of_output_is_ended():
    begin = time.monotonic()
    ended = run("yes", 30.0)
    assert ended.said.startswith(f"it has written more than {MOST_OUTPUT} bytes")
    assert time.monotonic() - begin < 20


def test_what_is_left_in_its_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert run("touch $HOME/left; test -e $HOME/left").good
    assert list(tmp_path.iterdir()) == []


def test_its_output_goes_to_the_journal_as_lines_with_its_name(capfd):
    run("echo one; echo two >&2; exit 1")
    assert capfd.readouterr().err.splitlines() == ["mail: one", "mail: two"]


def test_a_running_program_is_found_by_its_file_and_folders(tmp_path):
    process = tmp_path / "7"
    process.mkdir()
    (process / "comm").write_text("master\n")
    (process / "cmdline").write_bytes(b"/usr/lib/postfix/sbin/master\0-w\0")
    (tmp_path / "version").write_text("")
    for name in ("master", "postfix/master", "lib/sbin/master", "sbin/master"):
        assert is_running(name, tmp_path), name
    for name in ("mast", "postfix", "sbin/postfix/master", "cron/master", "7"):
        assert not is_running(name, tmp_path), name
    (process / "comm").write_text("a-name-of-more-\n")
    (process / "cmdline").write_bytes(b"")
    assert is_running("a-name-of-more-than-15-letters", tmp_path)


def test_this_process_is_not_found_by_itself_and_its_parent_is():
    assert carry_out(Look(Path(f"/proc/{os.getppid()}/comm").read_text().strip())).good
    assert carry_out(Look("no-such-program")) == Ended(False, "no no-such-program is running")


def answered(line: bytes) -> Ended:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        served = threading.Thread(target=serve, args=(theirs,))
        served.start()
        ours.sendall(line)
        answer = ours.makefile("rb").readline()
        served.join()
    return answer_of(answer)


def test_a_connection_is_one_request_and_one_answer():
    assert answered(request_line(Run("mail", "#!/bin/sh\nexit 4\n", 5.0))) == Ended(False, "ended with 4")
    assert answered(b"{}\n").said.startswith("the sandbox failed: ")


def test_nobody_but_the_daemon_is_served(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(sandbox, "allowed_users", lambda: frozenset({os.getuid() + 1}))
    monkeypatch.setattr(os, "dup", lambda _: theirs.detach())
    with ours:
        assert sandbox.main() == 1
        ours.settimeout(5)
        assert ours.recv(1) == b""


def test_sigkill_is_what_a_limit_is(tmp_path):
    """A program that handles every signal ends nevertheless."""
    begin = time.monotonic()
    assert not run("trap '' TERM INT HUP; while :; do sleep 0.1; done", 0.3).good
    assert time.monotonic() - begin < 10
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
