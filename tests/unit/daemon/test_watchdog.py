"""Watchdog and the mark of a good slot."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from firmware.lab.deadline import stretched
from hadaemon.daemon.health import watchdog as health
from hadaemon.io.errors import HelperError
from hadaemon.io.sockets.notify import ServiceManager


class Manager(ServiceManager):
    """Counts pings; somebody watches each 30 ms."""

    def __init__(self) -> None:
        super().__init__({})
        self.watchdog = 0.03
        self.pings = 0

    def ping(self) -> None:
        self.pings += 1


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, stretched(5)))


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 (a condition of the code under test has no event)
        await asyncio.sleep(0.001)


def test_a_healthy_node_feeds_the_watchdog_and_a_stuck_one_does_not():
    async def scenario() -> None:
        manager = Manager()
        overdue = 0.0
        looks = 0

        def look() -> float:
            nonlocal looks
            looks += 1
            return overdue

        task = asyncio.create_task(health.feed_watchdog(manager, look))
        await until(lambda: manager.pings >= 3)
        overdue, fed, looked = 1.0, manager.pings, looks
        await until(lambda: looks >= looked + 3)
        assert manager.pings == fed
        overdue = 0.0
        await until(lambda: manager.pings > fed)
        task.cancel()

    run(scenario())


def test_without_a_watchdog_nothing_is_fed():
    run(health.feed_watchdog(ServiceManager({}), lambda: 0.0))


def test_the_slot_is_marked_after_unbroken_health_and_again_when_the_helper_failed(
    monkeypatch: pytest.MonkeyPatch,
):
    asked: list[tuple[Path, str, float]] = []
    broken_until = 0.1

    async def ask(path: Path, verb: str) -> str:
        asked.append((path, verb, asyncio.get_running_loop().time()))
        if len(asked) == 1:
            raise HelperError("helper: not there yet")
        return ""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await health.mark_good_once(Path("/helper"), lambda: loop.time() > begin + broken_until)
        assert [(path, verb) for path, verb, _ in asked] == [(Path("/helper"), "mark-good")] * 2
        assert asked[0][2] >= begin + broken_until, "health must last"

    monkeypatch.setattr(health, "ask_helper", ask)
    monkeypatch.setattr(health, "STABLE", 0.05)
    monkeypatch.setattr(health, "_LOOK", 0.005)
    monkeypatch.setattr(health, "_RETRY", 0.01)
    run(scenario())
