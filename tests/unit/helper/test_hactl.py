"""The program that the keeper starts for the peer: which words it gets, and how it is bounded."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.lab.deadline import Deadline
from hadaemon.helper.hactl import _MOST, Hactl
from hadaemon.sync.errors import SyncError


def program(folder: Path, code: str, seconds: float = 20.0) -> Hactl:
    """Leaves its words in a file, and then does what the code says."""
    script = folder / "hactl.py"
    script.write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(folder / 'words')!r}).write_text(chr(10).join(sys.argv[1:]))\n{code}\n"
    )
    return Hactl(folder / "state", folder, folder / "s", (sys.executable, "-P", str(script)), seconds)


def words(folder: Path) -> list[str]:
    return (folder / "words").read_text().split("\n")


def test_output_and_exit_code_come_back(tmp_path: Path):
    done = program(tmp_path, "print('out'); print('wrong', file=sys.stderr); sys.exit(3)").read(["status"])
    assert (done.status, done.output, done.said) == (3, "out\n", "wrong\n")


def test_the_places_are_this_nodes_own(tmp_path: Path):
    hactl, socket = program(tmp_path, ""), ["--socket", str(tmp_path / "s")]
    hactl.read(["history", "--last", "5"])
    assert words(tmp_path) == [
        *socket,
        *("history", "--last", "5", "--folder", str(tmp_path / "state/daemon")),
    ]
    hactl.read(["config", "check", "--json"])
    places = ("--node", str(tmp_path / "state/node.toml"), "--cluster", str(tmp_path / "state/cluster.toml"))
    assert words(tmp_path) == [*socket, "config", "check", "--json", *places]
    hactl.read(["connections", "tcp", "192.168.12.0/24", "port", "22", "--limit", "7"])
    selected = ("connections", "tcp", "192.168.12.0/24", "port", "22", "--limit", "7")
    assert words(tmp_path) == [*socket, *selected, "--here", "--state", str(tmp_path / "state")]
    hactl.read(["key", "show"])
    assert words(tmp_path) == [
        *socket,
        *("key", "show", "--state", str(tmp_path / "state"), "--run", str(tmp_path)),
    ]


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["switch"],
        ["status", "--socket", "/x"],
        ["history", "--folder", "/etc"],
        ["config", "diff", "/etc/shadow"],
        ["key", "show", "--state", "/x"],
        ["status", "--verb"],
        ["history", "--last", "1;reboot"],
        ["connections", "tcp;reboot"],
        ["connections", "--state", "/x"],
        ["connections", "port", "--state"],
        ["status", "tcp"],
    ],
)
def test_nothing_is_started_for_other_words(tmp_path: Path, given: list[str]):
    with pytest.raises(SyncError, match="only commands that read"):
        program(tmp_path, "").read(given)
    assert not (tmp_path / "words").exists()


@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize("times", ["range(40)", "iter(int, 1)"])
def test_half_an_answer_is_none(tmp_path: Path, stream: int, times: str):
    code = f"for _ in {times}: os.write({stream}, b'x' * 65536)"
    with pytest.raises(SyncError, match=f"`hactl status`: .* has written more than {_MOST} bytes"):
        program(tmp_path, code).read(["status"])


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "os.close(1); os.close(2); time.sleep(60)",
        "os.fork(); time.sleep(60)",
    ],
)
def test_what_does_not_end_is_ended(tmp_path: Path, code: str):
    begun = time.monotonic()
    with pytest.raises(SyncError, match=r"`hactl status --json`: .*: not done in 0\.8 s"):
        program(tmp_path, code, 0.8).read(["status", "--json"])
    assert time.monotonic() - begun < 30.0


@pytest.mark.parametrize("code, seconds", [("time.sleep(60)", 0.8), ("sys.exit(0)", 20.0)])
def test_nothing_that_it_has_started_goes_on(tmp_path: Path, code: str, seconds: float):
    """Whether it is stopped or ends by itself."""
    child = "time.sleep(60) if (child := os.fork()) == 0 else None\n"
    told = f"pathlib.Path({str(tmp_path / 'child')!r}).write_text(str(child))\n"
    with suppress(SyncError):
        program(tmp_path, f"{child}{told}os.close(1); os.close(2); {code}", seconds).read(["status"])
    stat = Path(f"/proc/{(tmp_path / 'child').read_text()}/stat")
    wait_for(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = Deadline(20.0)
    while not condition():
        deadline.check("the child's end", "", "")
        time.sleep(0.02)


def test_a_program_that_is_killed_or_not_there(tmp_path: Path):
    assert program(tmp_path, "os.kill(os.getpid(), 9)").read(["status"]).status == -9
    with pytest.raises(SyncError, match="/nowhere/hactl: there is no such program"):
        Hactl(tmp_path, tmp_path, tmp_path, ("/nowhere/hactl",)).read(["status"])


def test_what_speaks_to_others_is_started_by_the_service_manager(tmp_path: Path):
    """The keeper itself has no network."""
    hactl = replace(program(tmp_path, ""), with_network=("/usr/bin/env", "STARTED=elsewhere"))
    hactl.read(["check", "--here", "--name", "example.com", "--json"])
    assert words(tmp_path)[2:] == ["check", "--here", "--name", "example.com", "--json"]
    started = replace(hactl, with_network=("/nowhere/systemd-run",))
    with pytest.raises(SyncError, match="systemd-run"):
        started.read(["check", "--here"])
    assert started.read(["status"]).status == 0, "all others need nobody"
