"""Deadlines follow how slow the machine is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from firmware import pace, testing
from firmware.lab.deadline import MULTIPLIER_VARIABLE, stretched

BUSY = 2
"""Processes that compute, a processor."""


@contextmanager
def others_computing(processes: int) -> Iterator[None]:
    """The machine is busy with something else."""
    command = [sys.executable, "-I", "-S", "-c", "print(flush=True)\nwhile True: pass"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    try:
        for process in running:
            assert process.stdout
            process.stdout.readline()
        yield
    finally:
        for process in running:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    "slower,multiplier", [(0.3, 1), (1, 1), (1.2, 1), (1.3, 1.5), (3, 3), (3.3, 3.5), (1000, pace.MOST)]
)
def test_a_slower_machine_has_longer_deadlines_up_to_a_limit(slower: float, multiplier: float) -> None:
    assert pace.multiplier_of(slower * pace.USUAL) == multiplier


def test_a_busy_machine_has_longer_deadlines() -> None:
    with others_computing(BUSY * (os.cpu_count() or 1)):
        assert pace.measured_multiplier() >= 2


@pytest.mark.parametrize("named", ["", "7.5"])
def test_the_test_command_says_and_hands_on_what_it_measured_or_was_told(
    named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(MULTIPLIER_VARIABLE, raising=False)
    if named:
        monkeypatch.setenv(MULTIPLIER_VARIABLE, named)
    monkeypatch.setattr(testing, "measured_multiplier", lambda: 2.0)
    environment = testing.suite_environment(testing.Selection(unit=True, seed=1))
    how = f"7.5 (as {MULTIPLIER_VARIABLE} says)" if named else "2 (measured: how slow this machine is now)"
    assert capsys.readouterr().out == f"seed 1, deadlines x {how}\n"
    assert environment[MULTIPLIER_VARIABLE] == named or "2"


def test_every_run_has_another_seed(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = {testing.suite_environment(testing.Selection(unit=True))["HOTSPARE_SEED"] for _ in range(4)}
    told = capsys.readouterr().out
    assert len(seeds) > 1
    assert all(f"seed {seed}, " in told for seed in seeds), "each can be repeated"


def test_the_tests_own_waits_are_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MULTIPLIER_VARIABLE, "2.5")
    assert stretched(2) == 5
