"""A plugin of pytest: collects the tests once, then runs them in a fork of itself for each mutant.

So a mutant costs those tests that call what it changes, up to the first one that fails, and not the start of
Python and all imports. Over the socket whose number stands in the environment, as JSON line by line: first
which test fails of the code as it is, or none; then a question comes in, and a verdict goes out (`asking`).
"""

import contextlib
import gc
import importlib
import itertools
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from firmware.mutants.calls import CALLED, name_of
from firmware.mutants.in_place import changed_functions, put_in_place

SOCKET = "HOTSPARE_JUROR"
"""Name in the environment of the socket's number."""
_PASS, _FAIL, _OUTSIDE, _BROKEN = 0, 1, 2, 3
"""How a fork ends; any other way is as good as a test that fails."""
PATIENCE = 3
"""Times that tests take of the code as it is: a mutant that makes them never end is noticed."""
_LEAST = 5.0
"""Seconds that even the quickest tests may take."""
_SLOW = (0.01, 0.1)
"""Seconds: tests that take longer are asked after the others."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is known of the tests when they have run once, by their place in the session."""

    seconds: dict[int, float]
    callers: dict[str, list[int]]
    """Which tests call a function, by its name (`calls`)."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Answers until nobody asks any more."""
    with socket.socket(fileno=int(os.environ[SOCKET])) as line, line.makefile("rw") as wire:
        rehearsal = _rehearse(session)
        print(json.dumps(rehearsal if isinstance(rehearsal, str) else ""), file=wire, flush=True)
        for request in wire:
            if isinstance(rehearsal, Rehearsal):
                print(json.dumps(_judge(session, rehearsal, json.loads(request))), file=wire, flush=True)
    return True


def _rehearse(session: pytest.Session) -> Rehearsal | str:
    """Or the test that fails."""

    def run(findings: TextIO) -> int:
        seconds: dict[int, float] = {}
        callers: dict[str, list[int]] = {}
        for place, (item, following) in enumerate(_in_turn(session.items)):
            began = time.monotonic()
            CALLED.clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[place] = time.monotonic() - began
            if session.testsfailed:
                findings.write(item.nodeid)
                return _FAIL
            for name in CALLED:
                callers.setdefault(name, []).append(place)
        json.dump([list(seconds.items()), callers], findings)
        return _PASS

    code, found = _in_a_fork(run, None)
    if code != _PASS:
        return found or "one that breaks off"
    seconds, callers = json.loads(found)
    return Rehearsal(dict(seconds), callers)


def _in_turn(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each with the one that follows."""
    return zip(items, [*items[1:], None], strict=True)


def _judge(session: pytest.Session, rehearsal: Rehearsal, question: dict[str, Any]) -> dict[str, Any]:
    module = importlib.import_module(question["module"])
    changed = changed_functions(question["before"], question["after"]) or {}
    names = (name_of(Path(question["file"]), path) for path in changed)
    callers = set(itertools.chain.from_iterable(rehearsal.callers.get(name, ()) for name in names))
    items = _in_order(session.items, callers, rehearsal.seconds, question)

    def run(findings: TextIO) -> int:
        if not items or not put_in_place(module, changed):
            return _OUTSIDE
        for item, following in _in_turn(items):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                findings.write(item.nodeid)
                return _FAIL
        return _PASS

    patience = PATIENCE * (_LEAST + sum(rehearsal.seconds[place] for place in callers))
    code, killer = _in_a_fork(run, patience)
    return {"is_asked": code != _OUTSIDE, "lives": code == _PASS, "killer": killer}


def _in_order(
    items: Sequence[pytest.Item], callers: set[int], seconds: dict[int, float], question: dict[str, Any]
) -> list[pytest.Item]:
    """Those that call what is changed. Those that are likely to fail and those that are quick come first."""
    order = {name: place for place, name in enumerate(question["files"])}

    def rank(place: int) -> tuple[bool, int, int, int]:
        slowness = sum(seconds[place] > limit for limit in _SLOW)
        return items[place].nodeid not in question["first"], slowness, order[str(items[place].path)], place

    return [items[place] for place in sorted(callers, key=rank)]


def _in_a_fork(run: Callable[[TextIO], int], patience: float | None) -> tuple[int, str]:
    """How it ended, and what it found. After `patience` seconds it is killed.

    Raises:
        RuntimeError: it broke off.
    """
    gc.freeze()  # A fork shares what it does not touch.
    with os.fdopen(os.memfd_create("findings"), "r+") as findings:
        child = os.fork()
        if child == 0:
            code = _BROKEN
            try:
                os.setsid()
                code = run(findings)
                findings.flush()
            finally:
                os._exit(code)
        code = _end_of(child, patience)
        if code == _BROKEN:
            raise RuntimeError("the tests could not be asked")
        findings.seek(0)
        return code, findings.read()


def _end_of(child: int, patience: float | None) -> int:
    """How it ended. Whoever has not ended in time is killed, and all that it has left behind in any case."""
    descriptor = os.pidfd_open(child)
    try:
        select.select([descriptor], [], [], patience)
    finally:
        os.close(descriptor)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
