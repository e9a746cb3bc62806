"""Hooks: run after a change, one at a time, for the newest state; what fails is told until it ends well."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import cast

import pytest

from hadaemon.cluster import NodeState, StateChanged
from hadaemon.config import Hook
from hadaemon.daemon.health.hooks import Hooks
from hadaemon.daemon.programs import Programs
from hadaemon.daemon.today import Today
from hadaemon.io.errors import HelperError
from hadaemon.problems import kinds
from hadaemon.programs.protocol import Ended

OFF, BACKUP, ACTIVE, FAULT = NodeState.OFF, NodeState.BACKUP, NodeState.ACTIVE, NodeState.FAULT
TELL = Hook("cluster.d/hooks/tell", (ACTIVE, BACKUP), 5.0)


class Runs:
    """Programs that end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, ...]] = []
        self.handed: list[tuple[str, ...]] = []
        self.environment: dict[str, str] = {}
        self.result: Ended | HelperError = Ended(True)
        self.held = asyncio.Event()
        self.held.set()

    async def run(
        self, path: str, environment: dict[str, str], _: float, arguments: tuple[str, ...]
    ) -> Ended:
        self.begun.append((path, *arguments))
        self.environment = environment
        await self.held.wait()
        if isinstance(self.result, HelperError):
            raise self.result
        return self.result

    async def begin(
        self, path: str, environment: dict[str, str], _: float, arguments: tuple[str, ...]
    ) -> None:
        self.handed.append((path, *arguments))
        if isinstance(self.result, HelperError):
            raise self.result


def play(
    story: Callable[[Hooks, Runs, Callable[[NodeState], Awaitable[None]]], Awaitable[None]],
    *hooks: Hook,
) -> None:
    async def main() -> None:
        runs = Runs()
        session = SimpleNamespace(
            cluster_config=SimpleNamespace(name="office", hooks=hooks or (TELL,)),
            node_config=SimpleNamespace(name="alpha"),
        )
        today = SimpleNamespace(session=session)
        part = Hooks(cast(Programs, runs), cast(Today, today))
        running = asyncio.create_task(part.run())
        state = OFF

        async def change(*states: NodeState) -> None:
            nonlocal state
            for new in states:
                part.state_changed(StateChanged(state, new, f"why {new}"))
                state = new
            for _ in range(10):
                await asyncio.sleep(0)

        try:
            await story(part, runs, change)
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(main())


def states(begun: list[tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(call[3], call[4]) for call in begun]


def test_a_hook_learns_who_where_and_why():
    async def story(_, runs, change):
        await change(BACKUP)
        assert runs.begun == [("cluster.d/hooks/tell", "office", "alpha", "off", "backup", "why backup")]
        assert runs.environment == {
            "HOTSPARE_CLUSTER": "office",
            "HOTSPARE_NODE": "alpha",
            "HOTSPARE_OLD_STATE": "off",
            "HOTSPARE_STATE": "backup",
            "HOTSPARE_REASON": "why backup",
        }
        await change(ACTIVE)
        assert states(runs.begun)[1:] == [("backup", "active")]

    play(story)


def test_it_is_run_for_its_states_alone():
    async def story(_, runs, change):
        await change(BACKUP)
        await change(FAULT)
        await change(BACKUP)
        assert states(runs.begun) == [("backup", "fault")]

    play(story, Hook("cluster.d/hooks/tell", (FAULT,)))


def test_a_configuration_that_is_read_again_is_no_change():
    async def story(_, runs, change):
        await change(BACKUP)
        await change(OFF, BACKUP)
        assert states(runs.begun) == [("off", "backup")]

    play(story)


def test_changes_that_pile_up_are_told_once_and_by_the_newest_state():
    async def story(_, runs, change):
        runs.held.clear()
        await change(BACKUP)
        for state in (ACTIVE, BACKUP, FAULT, ACTIVE):
            await change(state)
        assert states(runs.begun) == [("off", "backup")], "one run at a time"
        runs.held.set()
        await change()
        assert states(runs.begun) == [("off", "backup"), ("fault", "active")]

    play(story)


def test_what_waits_for_a_state_that_is_over_is_not_run():
    async def story(_, runs, change):
        runs.held.clear()
        await change(BACKUP)
        await change(ACTIVE)
        await change(FAULT)
        runs.held.set()
        await change()
        assert states(runs.begun) == [("off", "backup")]

    play(story)


def test_one_hook_does_not_wait_for_another():
    async def story(_, runs, change):
        runs.held.clear()
        await change(BACKUP)
        assert [call[0] for call in runs.begun] == ["cluster.d/hooks/tell", "cluster.d/hooks/write"]

    play(story, TELL, Hook("cluster.d/hooks/write", (BACKUP,)))


def test_a_failure_is_told_until_the_next_run_ends_well():
    async def story(part, runs, change):
        runs.result = Ended(False, "ended with 1: no route")
        await change(BACKUP)
        (problem,) = part.problems
        assert (problem.kind, problem.resource) == (kinds.HOOK_FAILED, "tell")
        assert problem.text == "hook tell has failed: for state backup: ended with 1: no route"
        runs.result = HelperError("sandbox: it is not there")
        await change(ACTIVE)
        assert [each.text for each in part.problems] == ["hook tell has failed: sandbox: it is not there"]
        runs.result = Ended(True)
        await change(BACKUP)
        assert part.problems == ()

    play(story)


@pytest.mark.parametrize("result", [Ended(True), HelperError("sandbox: it is not there")])
def test_the_end_is_told_to_those_that_want_to_hear_it_and_nobody_waits(result):
    async def story(part, runs, change):
        await change(ACTIVE)
        runs.result = result
        part._today.session = None
        part.state_changed(StateChanged(ACTIVE, OFF, "stopped: shutdown"))
        await part.close()
        assert runs.handed == [
            ("cluster.d/hooks/write", "office", "alpha", "active", "off", "stopped: shutdown")
        ]
        await part.close()
        assert len(runs.handed) == 1

    play(story, TELL, Hook("cluster.d/hooks/write", (OFF,)))
