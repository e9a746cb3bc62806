"""Keeps the kernel's rules as the configuration and the ports of today want them.

Rules are loaded whole or not at all; when that fails, those from before still count. They outlive the daemon.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hadaemon.config import ClusterConfig, NodeConfig
from hadaemon.config.firewall_model import Firewall as FirewallConfig
from hadaemon.daemon.part import Part
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.services.purge import purge
from hadaemon.errors import HadaemonError
from hadaemon.firewall.advice import advice
from hadaemon.firewall.ruleset import rule_set
from hadaemon.firewall.snippets import Snippet
from hadaemon.io.kernel.forwarding import forwards, say_loaded
from hadaemon.io.programs.nft import NftError, load_rules
from hadaemon.problems import Problem, other, unnamed
from hadaemon.state.configuration import Configuration
from hadaemon.state.firewall_check import explained, interfaces_of

log = logging.getLogger(__name__)

_RETRY = 5.0
"""Seconds until rules that could not be loaded are tried again."""

Interfaces = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What rules follow from, beside the interfaces."""

    node: NodeConfig
    cluster: ClusterConfig | None
    snippets: tuple[Snippet, ...]


class Firewall(Part):
    """The one who loads rules."""

    def __init__(self, network: Network, run: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._network = network
        self._run = run
        self._loop = loop
        self._loaded: _Wanted | None = None
        self._interfaces: Interfaces = {}
        """Those of the rules that are loaded."""
        self._lock = asyncio.Lock()
        self._failures: tuple[str, ...] = ()
        self._refused: tuple[str, ...] = ()
        """What the last rules were refused for, also the first ones."""
        self._following: asyncio.Task[None] | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now, and what will hurt later."""
        cluster = self._loaded.cluster if self._loaded is not None else None
        found = [other("firewall", text) for text in self._failures]
        found += [other("forwarding", text) for text in self._forwarding_problem(cluster)]
        if cluster is not None:
            found += [unnamed("firewall", text) for text in advice(cluster)]
        return tuple(found)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why this node does not let pass what it should: advice is none, nor is what an old rule left."""
        cluster = self._loaded.cluster if self._loaded is not None else None
        return (*self._refused, *self._forwarding_problem(cluster))

    async def apply(self, configuration: Configuration) -> tuple[str, ...]:
        """Loads the rules of a configuration. The answer is why not: then those from before still count."""
        if configuration.node is None:
            return ()  # Nothing is known of this node: it stays as closed as it booted.
        wanted = _Wanted(configuration.node, configuration.cluster, configuration.snippets)
        async with self._lock:
            return await self._load(wanted)

    def network_changed(self) -> None:
        """Ports may have other interfaces."""
        if self._loaded is None or self._following is not None or self._interfaces_now() == self._interfaces:
            return
        self._begin(self._follow())

    async def close(self) -> None:
        """The rules stay."""
        task, self._following = self._following, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._following = self._loop.create_task(work)
        self._following.add_done_callback(self._followed)

    def _followed(self, task: asyncio.Task[None]) -> None:
        self._following = None
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error  # A defect: the loop's handler ends the daemon.

    async def _follow(self) -> None:
        while self._loaded is not None and self._interfaces_now() != self._interfaces:
            async with self._lock:
                failures = await self._load(self._loaded)
            if failures:
                await asyncio.sleep(_RETRY)

    async def _load(self, wanted: _Wanted) -> tuple[str, ...]:
        interfaces = interfaces_of(wanted.node, wanted.cluster, self._network.table)
        # Lists may be long, and the loop waits for nobody.
        found = await asyncio.to_thread(rule_set, wanted.node, wanted.cluster, interfaces, wanted.snippets)
        try:
            await asyncio.to_thread(load_rules, found.text)
        except NftError as error:
            return self._failed(explained(found, error))
        except HadaemonError as error:
            return self._failed((f"firewall: {error}",))
        before, self._loaded = self._loaded, wanted
        self._interfaces, self._failures, self._refused = interfaces, (), ()
        log.info("firewall: rules loaded for %s", _listed(interfaces) or "no port")
        self._say_loaded(wanted.cluster)
        if before is not None:
            await self._purge(_rules_of(before), _rules_of(wanted))
        return ()

    async def _purge(self, before: FirewallConfig, after: FirewallConfig) -> None:
        """The new rules are there: what comes now is translated as they say."""
        table = self._network.table
        links = [(port, table.named(name)) for port, names in self._interfaces.items() for name in names]
        ports = {link.index: port for port, link in links if link is not None}
        try:
            count = await asyncio.to_thread(purge, before, after, ports)
        except HadaemonError as error:
            self._failures = (f"firewall: connections may keep their old translation: {error}",)
            log.error("%s", self._failures[0])
            return
        if count:
            log.info("firewall: %d connections were translated otherwise before, and were removed", count)

    def _failed(self, failures: tuple[str, ...]) -> tuple[str, ...]:
        for failure in failures:
            log.error("%s; the rules from before still count", failure)
        self._refused = failures
        if self._loaded is not None:
            self._failures = failures
        return failures

    def _interfaces_now(self) -> Interfaces:
        if self._loaded is None:
            return {}
        return interfaces_of(self._loaded.node, self._loaded.cluster, self._network.table)

    def _say_loaded(self, cluster: ClusterConfig | None) -> None:
        if cluster is None or not cluster.firewall.forwards:
            return
        try:
            say_loaded(self._run)
        except HadaemonError as error:
            log.error("firewall: %s", error)

    def _forwarding_problem(self, cluster: ClusterConfig | None) -> tuple[str, ...]:
        if cluster is None or not cluster.firewall.forwards:
            return ()
        try:
            if forwards():
                return ()
        except HadaemonError as error:
            return (str(error),)
        return ("nothing is forwarded, the kernel's switch is off: see systemctl status hotspare-forwarding",)


def _rules_of(wanted: _Wanted) -> FirewallConfig:
    return FirewallConfig() if wanted.cluster is None else wanted.cluster.firewall


def _listed(interfaces: Interfaces) -> str:
    return ", ".join(f"{port} ({', '.join(names)})" for port, names in interfaces.items())
