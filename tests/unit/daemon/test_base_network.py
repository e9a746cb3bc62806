"""When the daemon has the base network follow the files, and what it says of a pass that failed."""

import asyncio
from pathlib import Path

import pytest

from hadaemon.daemon.services import base_network
from hadaemon.daemon.services.base_network import BaseNetwork
from hadaemon.io.errors import HelperError


class Helper:
    """Fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked = 0

    async def ask(self, _: Path, verb: str, timeout: float) -> str:  # noqa: ASYNC109
        assert (verb, timeout) == ("apply-network", base_network._TIMEOUT)
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise HelperError("helper: apply-network: too slow")
        return ""


def run(monkeypatch: pytest.MonkeyPatch, helper: Helper, wanted: int) -> list[tuple[str, ...]]:
    """Until it was asked so often; the problems after each pass."""
    monkeypatch.setattr(base_network, "ask_helper", helper.ask)
    monkeypatch.setattr(base_network, "_RETRY", 0.001)
    found: list[tuple[str, ...]] = []

    async def course() -> None:
        network = BaseNetwork(Path("/helper"), Path("/nothing/applied"), True)
        task = asyncio.get_running_loop().create_task(network.run())
        async with asyncio.timeout(5):
            while helper.asked < wanted:
                await asyncio.sleep(0)
                if len(found) < helper.asked:
                    found.append(tuple(each.text for each in network.problems))
        task.cancel()

    asyncio.run(course())
    return found


def test_a_pass_of_the_boot_that_failed_is_made_up_for(monkeypatch: pytest.MonkeyPatch):
    """Nobody changes a file, and the unit would stay failed: a firmware on trial would be given up for it."""
    helper = Helper(failures=1)
    first, second = run(monkeypatch, helper, wanted=2)
    assert "the node's own network is not as the files say" in first[0]
    assert second == ()


def test_nothing_is_asked_for_again_without_a_change(monkeypatch: pytest.MonkeyPatch):
    helper = Helper(failures=0)
    assert run(monkeypatch, helper, wanted=1) == [()]


def test_what_the_boot_has_done_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    helper = Helper(failures=0)
    monkeypatch.setattr(base_network, "ask_helper", helper.ask)
    applied = tmp_path / "applied"
    applied.touch()

    async def course() -> None:
        network = BaseNetwork(Path("/helper"), applied, True)
        task = asyncio.get_running_loop().create_task(network.run())
        for _ in range(10):
            await asyncio.sleep(0)
        assert helper.asked == 0
        network.apply()
        for _ in range(10):
            await asyncio.sleep(0)
        assert helper.asked == 1
        task.cancel()

    asyncio.run(course())
