"""Waiting on conditions with deadlines, which are stretched where the machine is slow."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from firmware.lab.deadline import stretched

__all__ = ["listens", "stretched", "wait_for"]

T = TypeVar("T")

_LOOK = 0.005


def wait_for(what: str, look: Callable[[], T], within: float) -> T:
    """Looks until the answer is true; returns it. Fails with the last answer when time is over."""
    within = stretched(within)
    deadline = time.monotonic() + within
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}; last: {answer!r}")
        time.sleep(_LOOK)


def listens(path: Path) -> bool:
    """Whether somebody takes connections there: a socket is in its folder before that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True
