"""`pair` as a script uses it: it obeys, says what is wrong, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, FunctionType

import pytest

from firmware.lab import pair
from firmware.lab.deadline import Deadline, wait_until
from firmware.lab.images import IMAGE_VARIABLE
from firmware.lab.lab import Lab
from firmware.lab.node import Node
from firmware.paths import ROOT

from .traces import NOBODY, traces


@pytest.fixture
def command(image: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command, with the image that the other tests use too."""
    monkeypatch.setenv(IMAGE_VARIABLE, str(image))
    return [sys.executable, "-P", "-m", "firmware", "pair"]


@pytest.fixture
def cold(command: list[str]) -> list[str]:
    """The same for those that do not wait for the nodes."""
    return [*command, "--cold"]


def test_a_script_is_obeyed_and_everything_is_gone_afterwards(cold: list[str]) -> None:
    before = traces(NOBODY)
    commands = ("wait alpha booting 60", "status", "pull alpha.lan", "sockets", "kill alpha")
    script = "\n".join((*commands, "wait alpha powered-off 60", "quit", ""))
    done = subprocess.run(cold, input=script, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"alpha: booting, [a-z ]+, \d+ s", done.stdout), "what it is at"
    assert "pair> pull alpha.lan" in done.stdout
    assert "alpha: powered-off [pulled: lan]" in done.stdout
    assert "log in as:" in done.stdout
    assert traces(NOBODY) <= before


def test_a_mistake_ends_a_script_with_a_message_and_exit_code_1(cold: list[str]) -> None:
    """What there was to see of the lab is kept, and the message says where."""
    before = traces(NOBODY)
    done = subprocess.run(
        cold, input="pull alpha.dmz\n", capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert "there is no port 'dmz'" in done.stderr
    assert "Its ports: lan, wan, hotwire." in done.stderr
    assert "Traceback" not in done.stderr
    assert traces(NOBODY) <= before
    kept = re.search(r"Logs, screens and captures are kept in (\S+)", done.stderr)
    assert kept, done.stderr
    folder = Path(kept[1])
    assert (folder / "lan.pcap").exists()
    assert (folder / "hotwire.pcap").exists()
    for node in ("alpha", "beta"):
        assert {"screen.ppm", "serial.log"} <= {path.name for path in (folder / node).iterdir()}
    shutil.rmtree(folder)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(cold: list[str], ending: signal.Signals) -> None:
    before = traces(NOBODY)
    with subprocess.Popen(
        cold, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as running:
        assert running.stdin
        assert running.stdout
        wait_until(
            lambda: len(traces(running.pid) - before) == 3, Deadline(60), "the lab's start", interval=0.05
        )
        line = running.stdout.readline()
        assert "booting" in line, running.communicate(timeout=60)[1]
        running.send_signal(ending)
        _, complaints = running.communicate(timeout=60)
    assert "Traceback" not in complaints
    assert traces(running.pid) <= before


@pytest.fixture
def handlers() -> Iterator[None]:
    """This process answers to signals afterwards as it did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("step", [Lab._make_node, Lab.__init__, Node.power_on, pair._start])
def test_a_signal_between_two_steps_ends_it_cleanly_too(
    step: FunctionType, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes when a step has just ended, and nobody has in hand yet what it has made."""
    monkeypatch.setenv(IMAGE_VARIABLE, str(image))
    before = traces(os.getpid())
    interrupted: list[str] = []

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is step.__code__:
            sys.setprofile(None)
            interrupted.append(step.__name__)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        pair.run_pair(pair.PairOptions(cold=True))
    finally:
        sys.setprofile(None)
    assert interrupted == [step.__name__]
    assert traces(os.getpid()) <= before


@pytest.mark.nightly
def test_the_scripted_failover_of_the_manual(command: list[str]) -> None:
    """The pair is ready at once, from its snapshot; alpha boots once."""
    script = (
        "wait ready 60\nkill alpha\nwait owner beta 60\nwait beta active 60\nstart alpha\nwait ready\nping\n"
    )
    done = subprocess.run(command, input=script, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "192.168.12.1 answered from 52:54:00:48:0a:01" in done.stdout
