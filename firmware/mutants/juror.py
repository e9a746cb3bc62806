"""A plugin of pytest: collects the tests once, then runs them in a fork of itself for each mutant.

Line by line as JSON over the socket whose number stands in the environment: a mutant comes in, a verdict
goes out. So a mutant costs the tests that it is killed by, and not the start of Python and all imports.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import time
from typing import Any, NoReturn, TextIO

import pytest

from firmware.mutants.in_place import put_in_place

SOCKET = "HOTSPARE_JUROR"
"""Name in the environment of the socket's number."""
READY = "ready"
"""Its first line: all tests are collected."""
_LIVES, _KILLED, _OUTSIDE, _BROKEN = 0, 1, 2, 3
"""How the fork ends; any other way is as good as a test that fails."""


_SLOW = (0.01, 0.1)
"""Seconds: tests that take longer are asked after the others."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Answers until nobody asks any more."""
    seconds: dict[str, float] = {}
    with socket.socket(fileno=int(os.environ[SOCKET])) as line, line.makefile("rw") as wire:
        gc.freeze()  # A fork shares what it does not touch.
        print(READY, file=wire, flush=True)
        for request in wire:
            question = json.loads(request)
            items = _in_order(session.items, seconds, question["first"], question["files"])
            print(json.dumps(_judge(session, items, question, seconds)), file=wire, flush=True)
    return True


def _in_order(
    items: list[pytest.Item], seconds: dict[str, float], first: list[str], files: list[str]
) -> list[pytest.Item]:
    """Those that are likely to fail and those that are quick come first. `seconds`: how long each took."""
    order = {name: place for place, name in enumerate(files)}

    def place(item: pytest.Item) -> tuple[bool, int, int]:
        slowness = sum(seconds.get(item.nodeid, 0.0) > limit for limit in _SLOW)
        return item.nodeid not in first, slowness, order[str(item.path)]

    return sorted(items, key=place)


def _judge(
    session: pytest.Session, items: list[pytest.Item], question: dict[str, Any], seconds: dict[str, float]
) -> dict[str, Any]:
    """`question` is a Question of `asking`, and the answer its Verdict. Adds to `seconds`, by test."""
    with os.fdopen(os.memfd_create("findings"), "r+") as findings:
        child = os.fork()
        if child == 0:
            _be_the_fork(session, items, question, findings)
        code = _end_of(child, question["patience"])
        if code == _BROKEN:
            raise RuntimeError("the tests could not be asked")
        findings.seek(0)
        killer = ""
        for finding in map(json.loads, findings):
            seconds[finding["test"]] = finding["seconds"]
            killer = finding["test"] if finding["failed"] else ""
    return {"is_asked": code != _OUTSIDE, "lives": code == _LIVES, "killer": killer}


def _be_the_fork(
    session: pytest.Session, items: list[pytest.Item], question: dict[str, Any], findings: TextIO
) -> NoReturn:
    code = _BROKEN
    try:
        os.setsid()
        module = importlib.import_module(question["module"])
        if not put_in_place(module, question["before"], question["after"]):
            code = _OUTSIDE
        else:
            code = _KILLED if _fails(session, items, findings) else _LIVES
    finally:
        findings.flush()
        os._exit(code)


def _fails(session: pytest.Session, items: list[pytest.Item], findings: TextIO) -> bool:
    """Up to the first test that does."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        began = time.monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        failed = bool(session.testsfailed)
        finding = {"test": item.nodeid, "seconds": time.monotonic() - began, "failed": failed}
        print(json.dumps(finding), file=findings)
        if failed:
            return True
    return False


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
