"""Keeps the routes that are not systemd-networkd's: in tables, that drop, for a while. In the background.

Level-triggered: each turn compares what the configuration, the node's state and its ports want with what
the kernel has. So it is right after a reload, after an end of the daemon without a word, and after whatever
networkd or a link has taken along. What exists for a while goes with the daemon; the rest stays, as other
routes do.
"""

import asyncio
import contextlib
import logging
import threading

from hadaemon.daemon.part import Part
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.follow.routing import KernelRoute, KernelRule, kernel_routes, kernel_rules, phase_of
from hadaemon.io.kernel.own_routes import put_routing
from hadaemon.problems import Problem, other
from hadaemon.state.firewall_check import interfaces_of
from hadaemon.status.states import Condition, NodeState

log = logging.getLogger(__name__)

_REST = 2.0
"""Seconds between two looks; a change of the state, the configuration or a link is looked at at once."""


class Routing(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(self, network: Network, today: Today) -> None:
        self._network = network
        self._today = today
        self._changed = asyncio.Event()
        self._failures: tuple[str, ...] = ()
        self._putting = threading.Lock()
        self._closed = False
        self._clean = False
        """Nothing of ours is in the kernel, and nothing is to be."""

    def wake(self) -> None:
        """The node's state or its configuration is another one."""
        self._changed.set()

    def network_changed(self) -> None:
        """A link has come, or an address has gone."""
        self.wake()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the kernel does not take."""
        return tuple(other("routes", f"routes: {failure}") for failure in self._failures)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            await self._turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._clean else _REST):
                    await self._changed.wait()

    async def close(self) -> None:
        """A node without its daemon is neither active nor backup."""
        with self._putting:  # A turn that was broken off may still be in its thread.
            self._closed = True
        wanted = self._wanted(NodeState.OFF)
        if wanted is not None and not self._clean:
            with contextlib.suppress(HadaemonError):
                put_routing(*wanted)

    async def _turn(self) -> None:
        wanted = self._wanted(self._today.state)
        if wanted is None or (self._clean and not any(wanted)):
            return
        try:
            failures = await asyncio.to_thread(self._put, *wanted)
        except HadaemonError as error:
            failures = (str(error),)
        self._clean = not any(wanted) and not failures
        for failure in failures:
            if failure not in self._failures:
                log.error("routes: %s", failure)
        self._failures = failures

    def _put(self, routes: frozenset[KernelRoute], rules: frozenset[KernelRule]) -> tuple[str, ...]:
        with self._putting:
            return () if self._closed else put_routing(routes, rules)

    def _wanted(self, state: NodeState) -> tuple[frozenset[KernelRoute], frozenset[KernelRule]] | None:
        """None: the configuration says nothing, and what is there stays."""
        configuration, table = self._today.configuration, self._network.table
        node, cluster = configuration.node, configuration.cluster
        if node is None or configuration.condition is Condition.REFUSED:
            return None
        system = node.system if cluster is None else node.system.over(cluster.system)
        links = {port.name: table.find(port.mac, port.vlan, port.bonded) for port in node.ports.values()}
        up = {name: link.index for name, link in links.items() if link is not None and link.up}
        holds = any(each.virtual for link in table.links() for each in table.addresses(link.index))
        routes = kernel_routes(node, system, phase_of(state, holds), up)
        return routes, kernel_rules(system, interfaces_of(node, cluster, table))
