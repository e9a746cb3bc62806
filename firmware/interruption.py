"""What ends a task before its time: Ctrl-C, and what another program sends for the same purpose."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

from firmware.paths import ROOT

ENDINGS = (signal.SIGTERM, signal.SIGHUP)
CLEANING = 120.0
"""Seconds that a program has to clean up after itself."""


def end_as_by_ctrl_c() -> None:
    """From now on whatever would end this process raises KeyboardInterrupt: everything is cleaned up. What
    is sent to this process alone names its signal, as the error's argument."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background job ignores it.
    for number in ENDINGS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def run_to_its_end(
    command: Sequence[str], cwd: os.PathLike[str] = ROOT, environment: Mapping[str, str] | None = None
) -> int:
    """Runs a program that has to clean up when it is interrupted; answers with its exit code.

    Ctrl-C reaches the program too. Any other signal reaches this process alone, which hands it on.

    Raises:
        KeyboardInterrupt: after the program has ended, or after CLEANING.
    """
    with subprocess.Popen(command, cwd=cwd, env=environment) as child:
        try:
            return child.wait()
        except KeyboardInterrupt as ending:
            if ending.args:
                child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(CLEANING)
            raise
        finally:
            child.kill()
