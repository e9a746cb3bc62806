"""A part of the daemon, which lives from its start to its stop, over all sessions; and all of them."""

from collections.abc import Iterator
from typing import TypeVar

from hadaemon.problems import Problem


class Part:
    """What a part need not do, it does not override."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What an administrator should look at."""
        return ()

    async def run(self) -> None:
        """In the background, until it is cancelled or nothing is left to do. Never blocks the loop."""

    def wake(self) -> None:
        """The configuration, the session or its state is another one."""

    def network_changed(self) -> None:
        """Links or addresses are not what they were."""

    async def close(self) -> None:
        """Closes what is open. Nothing runs any more, and the session has ended."""


P = TypeVar("P", bound=Part)


class Parts:
    """In the order in which they are added: what needs another one comes after it, and is closed before."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    def add(self, part: P) -> P:
        """The same part, for whoever needs it by name."""
        self._parts.append(part)
        return part

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of all."""
        return tuple(problem for part in self for problem in part.problems)

    def wake(self) -> None:
        """All of them."""
        for part in self:
            part.wake()

    def network_changed(self) -> None:
        """All of them learn it."""
        for part in self:
            part.network_changed()

    async def close(self) -> None:
        """The last one first."""
        for part in reversed(self._parts):
            await part.close()
