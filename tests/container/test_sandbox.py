"""The sandbox of the administrator's programs, as the image's own systemd makes it."""

import base64
import json

import pytest

from hadaemon.programs.protocol import Ended, Run, answer_of, request_line
from tests.lab.container import Container

from .pair import ContainerPair

ASK = """
import socket, sys, base64
with socket.socket(socket.AF_UNIX) as ours:
    ours.connect("/run/hotspare/program.sock")
    ours.sendall(base64.b64decode(sys.argv[1]))
    print(ours.makefile().readline())
"""
LEFT = "ps -u hotspare-program -o pid="
"""Processes of the sandbox's user."""


@pytest.fixture
def node(pair: ContainerPair) -> Container:
    return pair.node("beta")


def ask(node: Container, script: str, timeout: float = 20.0) -> Ended:
    """As the daemon asks; root may, too."""
    request = base64.b64encode(request_line(Run("probe", f"#!/bin/sh\n{script}\n", timeout)))
    said = node.run(f"python3 -c '{ASK}' {request.decode()}", root=True).output
    return answer_of(said.encode())


def wait_gone(node: Container) -> None:
    node.wait_until(f"! {LEFT}", root=True)


def test_a_program_has_no_right_and_a_folder_of_its_own(node: Container) -> None:
    for script in (
        'test "$(id -un) $(id -Gn)" = "hotspare-program hotspare-program"',
        "grep -qx 'CapBnd:\t0000000000000000' /proc/self/status",
        "grep -qx 'NoNewPrivs:\t1' /proc/self/status",
        "! ls /data 2>/dev/null",
        "! touch /usr/x /etc/x /run/x /var/x 2>/dev/null",
        "echo here >/tmp/x && cat /tmp/x && test -w $HOME",
        "! hactl status 2>/dev/null",
    ):
        assert ask(node, script) == Ended(True), script
    assert ask(node, "test ! -e /tmp/x").good, "each run has a folder of its own"
    wait_gone(node)


def test_one_that_hangs_is_ended_with_what_has_left_its_group(node: Container) -> None:
    hang = "for i in 1 2 3; do setsid sleep 1000 & done; sleep 1000"
    assert ask(node, hang, timeout=1.0) == Ended(False, "not done in 1 s")
    wait_gone(node)


@pytest.mark.parametrize(
    "script",
    [
        "i=0; while [ $i -lt 400 ]; do sleep 1000 & i=$((i + 1)); done; wait",
        "python3 -c 'import os, time\nfor _ in range(400):\n if not os.fork(): break\ntime.sleep(1000)'",
        "head -c 100000000 /dev/zero >/tmp/x",
        "yes",
    ],
)
def test_one_that_forks_fills_or_floods_comes_to_its_end_alone(node: Container, script: str) -> None:
    """So many processes as no machine minds, should the bound not hold. Memory is bounded by a controller
    that not every machine lends to a container: it is left out."""
    assert not ask(node, script, timeout=2.0).good
    wait_gone(node)
    assert node.state() == "backup"
    assert ask(node, "exit 0").good


def test_what_it_writes_goes_to_the_journal_and_that_it_ran_does_not(node: Container) -> None:
    ask(node, "echo the queue is stuck; exit 1")
    said = node.wait_until(
        "journalctl --quiet --no-pager -o json -t hotspare-program | grep 'the queue is stuck'", root=True
    )
    entry = json.loads(said.output.splitlines()[-1])
    assert (entry["MESSAGE"], entry["PRIORITY"]) == ("probe: the queue is stuck", "5")
    told = node.run(
        "journalctl --no-pager -o cat -t systemd | grep -c 'a run of a program' || true", root=True
    )
    assert told.output.strip() == "0"
