"""The daemon's parts together: what each says is heard, and the last one that was added is closed first."""

import asyncio

from hadaemon.daemon.part import Part, Parts
from hadaemon.problems import Problem, other


class Noisy(Part):
    """Writes down what it is told."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (other(self.name, "wrong"),)

    def wake(self) -> None:
        self.log.append(f"{self.name} wakes")

    def network_changed(self) -> None:
        self.log.append(f"{self.name} looks at the network")

    async def close(self) -> None:
        self.log.append(f"{self.name} closes")


def test_all_are_heard_and_told():
    log: list[str] = []
    parts = Parts()
    first = parts.add(Noisy("first", log))
    quiet = parts.add(Part())
    last = parts.add(Noisy("last", log))
    assert list(parts) == [first, quiet, last]
    assert [problem.resource for problem in parts.problems] == ["first", "last"]
    parts.wake()
    parts.network_changed()
    asyncio.run(parts.close())
    assert log == [
        *("first wakes", "last wakes", "first looks at the network", "last looks at the network"),
        *("last closes", "first closes"),
    ]


def test_a_part_that_does_nothing_may_say_so():
    async def life() -> None:
        part = Part()
        await part.run()
        part.wake()
        part.network_changed()
        await part.close()
        assert part.problems == ()

    asyncio.run(life())
