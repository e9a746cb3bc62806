"""Waiting on conditions with deadlines, which are stretched where the machine is slow."""

import time
from collections.abc import Callable
from typing import TypeVar

from firmware.lab.deadline import stretched

__all__ = ["stretched", "wait_for"]

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
