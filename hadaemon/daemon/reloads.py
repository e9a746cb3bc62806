"""Reads the node's files, at the start and whenever somebody asks. A wrong one changes nothing that runs."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from hadaemon.cluster import NodeState
from hadaemon.control.answers import Reloaded
from hadaemon.control.errors import RequestRefused
from hadaemon.daemon.options import Options
from hadaemon.daemon.own_head import OwnHead
from hadaemon.daemon.part import Part
from hadaemon.daemon.remembered import Remembered
from hadaemon.daemon.services.base_network import BaseNetwork
from hadaemon.daemon.services.firewall import Firewall
from hadaemon.daemon.today import Today
from hadaemon.state.configuration import Configuration, load_configuration
from hadaemon.status.states import Condition

log = logging.getLogger(__name__)

_RULES_RETRY = 10.0
"""Seconds until a node whose rules nftables refused tries them again."""


class Reloads(Part):
    """One at a time."""

    def __init__(
        self,
        options: Options,
        today: Today,
        firewall: Firewall,
        base_network: BaseNetwork,
        head: OwnHead,
        remembered: Remembered,
        begin: Callable[[Configuration], None],
    ) -> None:
        """`begin` puts a configuration to work."""
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._today = today
        self._firewall = firewall
        self._base_network = base_network
        self._head = head
        self._remembered = remembered
        self._begin = begin
        self._lock = asyncio.Lock()
        self._known = asyncio.Event()
        self._closed = False
        self._under_way: set[asyncio.Task[None]] = set()

    async def first(self) -> None:
        """At the start: also of wrong files something follows."""
        async with self._lock:
            self._begin(await self._with_rules(await self._load()))
        self._known.set()

    async def known(self) -> None:
        """Waits until the files were read for the first time: before, nothing true can be told of them."""
        await self._known.wait()

    async def reload(self, keep_active: bool = False) -> Reloaded:
        """`keep_active`: another master in the files does not move the virtual addresses.

        Raises RequestRefused: they are wrong.
        """
        async with self._lock:
            return await self._read_again(keep_active)

    def reload_soon(self) -> None:
        """In the background."""
        if self._closed:
            return
        task = self._loop.create_task(self._reload_unasked())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(lambda done: None if done.cancelled() else done.result())

    async def close(self) -> None:
        """What is under way ends, and nothing begins any more."""
        self._closed = True
        for task in self._under_way:
            task.cancel()

    async def _reload_unasked(self) -> None:
        with contextlib.suppress(RequestRefused):  # It is in the log, and what ran before still runs.
            await self.reload()

    async def _load(self) -> Configuration:
        self._head.read_again()
        # Lists of networks may be long, and the loop waits for nobody.
        return await asyncio.to_thread(load_configuration, self._options.state, self._options.setup_problems)

    async def _with_rules(self, configuration: Configuration) -> Configuration:
        """Has its rules loaded, before anything else of it counts. A node whose rules cannot be loaded stays
        out of the cluster: it would take the traffic and let nothing pass, or too much."""
        if configuration.condition is Condition.REFUSED:
            return configuration
        problems = await self._firewall.apply(configuration)
        if not problems:
            return configuration
        if self._today.session is None:
            self._loop.call_later(_RULES_RETRY, self.reload_soon)
        problems = (*configuration.problems, *problems)
        return replace(configuration, condition=Condition.REFUSED, cluster=None, problems=problems)

    async def _read_again(self, keep_active: bool) -> Reloaded:
        before, configuration = self._today.configuration, await self._load()
        if configuration != before:
            configuration = await self._with_rules(configuration)
        if configuration.condition is Condition.REFUSED and self._today.session is not None:
            for problem in configuration.problems:
                log.error("reload refused: %s", problem)
            raise RequestRefused(
                "the configuration was refused; what ran before still runs", configuration.problems
            )
        changed = configuration != before
        if changed:
            if keep_active:
                self._keep_active(configuration)
            self._begin(configuration)
        self._base_network.apply()
        return Reloaded(changed, configuration.condition)

    def _keep_active(self, after: Configuration) -> None:
        """Who is active stays so, whoever is the master now."""
        before, session = self._today.configuration.cluster, self._today.session
        if (
            session is None
            or before is None
            or after.cluster is None
            or before.master == after.cluster.master
        ):
            return
        if session.state in (NodeState.ACTIVE, NodeState.BACKUP):
            self._remembered.prefer(session.state is NodeState.ACTIVE)
