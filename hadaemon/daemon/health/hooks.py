"""The administrator's hooks: his programs, run after the node's state has changed. Nothing waits for them.

Level-triggered: what counts is the state that the node has come to. A hook has one run at a time; when that
is over it is run again only if the node has come to another state meanwhile, and only for the newest one. A
configuration that is read again, after which the node is what it was, is no change.
"""

import asyncio
import logging
from dataclasses import dataclass

from hadaemon.cluster import NodeState, StateChanged
from hadaemon.config.hook_model import Hook
from hadaemon.daemon.part import Part
from hadaemon.daemon.programs import Programs
from hadaemon.daemon.session import Session
from hadaemon.daemon.today import Today
from hadaemon.io.errors import HelperError
from hadaemon.problems import Problem, kinds

log = logging.getLogger(__name__)

_LAST_WORDS = 1.0
"""Seconds for handing the last runs to the sandbox while the daemon stops."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a run learns."""

    cluster: str
    node: str
    old: NodeState
    new: NodeState
    reason: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """In the order in which the manual names them."""
        return self.cluster, self.node, self.old, self.new, self.reason

    @property
    def environment(self) -> dict[str, str]:
        """The same by name."""
        return {
            "HOTSPARE_CLUSTER": self.cluster,
            "HOTSPARE_NODE": self.node,
            "HOTSPARE_OLD_STATE": self.old,
            "HOTSPARE_STATE": self.new,
            "HOTSPARE_REASON": self.reason,
        }


class Hooks(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(self, programs: Programs, today: Today) -> None:
        self._programs = programs
        self._today = today
        self._session: Session | None = None
        """The last one that there was: its hooks are told of its end, too."""
        self._told = NodeState.OFF
        """The state that the hooks know of."""
        self._change: StateChanged | None = None
        self._changed = asyncio.Event()
        self._waiting: dict[str, tuple[Hook, Call]] = {}
        """By program, the run that is to come."""
        self._running: set[str] = set()
        self._failures: dict[str, str] = {}
        """By program, what became of its last run."""

    def state_changed(self, change: StateChanged) -> None:
        """It has had its effect."""
        self._session = self._today.session or self._session
        self._change = change
        self._changed.set()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Those whose last run failed."""
        return tuple(
            Problem(kinds.HOOK_FAILED, name, f"hook {name} has failed: {self._failures[hook.program]}")
            for hook in self._hooks
            if hook.program in self._failures
            for name in (_name(hook),)
        )

    async def run(self) -> None:
        """Until it is cancelled. What the sandbox runs then comes to its end there."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._changed.wait()
                self._changed.clear()
                for hook, call in self._due():
                    if hook.program not in self._running:
                        self._running.add(hook.program)
                        tasks.create_task(self._work(hook.program))
                    self._waiting[hook.program] = (hook, call)

    async def close(self) -> None:
        """Tells of the end of the session, and waits for no result."""
        for hook, call in self._due():
            try:
                async with asyncio.timeout(_LAST_WORDS):
                    await self._programs.begin(hook.program, call.environment, hook.timeout, call.arguments)
            except (HelperError, TimeoutError) as error:
                log.error("hook %s: %s", _name(hook), error)

    def _due(self) -> list[tuple[Hook, Call]]:
        """The runs for the newest state. Those that wait for an older one are none any more."""
        change, session = self._change, self._session
        if change is None or session is None or change.new is self._told:
            return []
        names = (session.cluster_config.name, session.node_config.name)
        call = Call(*names, self._told, change.new, change.reason)
        self._told = change.new
        self._waiting.clear()
        return [(hook, call) for hook in self._hooks if call.new in hook.on]

    async def _work(self, program: str) -> None:
        """One run after the other."""
        while (next_one := self._waiting.pop(program, None)) is not None:
            hook, call = next_one
            try:
                ended = await self._programs.run(program, call.environment, hook.timeout, call.arguments)
                failure = None if ended.good else f"for state {call.new}: {ended.said}"
            except HelperError as error:
                failure = str(error)
            if failure is None:
                self._failures.pop(program, None)
            else:
                log.error("hook %s: %s", _name(hook), failure)
                self._failures[program] = failure
        self._running.discard(program)

    @property
    def _hooks(self) -> tuple[Hook, ...]:
        session = self._today.session or self._session
        return session.cluster_config.hooks if session is not None else ()


def _name(hook: Hook) -> str:
    return hook.program.rpartition("/")[2]
