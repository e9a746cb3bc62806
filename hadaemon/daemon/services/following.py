"""What follows the active node, kept as it should be. In the background: nothing ever waits for it.

Level-triggered: each turn looks at what is there, and does what `hadaemon.follow.kept_unit` says. On taking
over, addresses are there and announced before the first turn of the new role; on an orderly handover
`stand_down` comes before anything else.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from hadaemon.cluster import NodeState
from hadaemon.config import ClusterConfig
from hadaemon.config.follow_model import Follow
from hadaemon.daemon.part import Part
from hadaemon.daemon.ports.network import Network
from hadaemon.daemon.services.leases import Leases
from hadaemon.daemon.session import Session
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.follow.follower import DHCP_UNIT, Follower, followers
from hadaemon.follow.kept_unit import RESTS, KeptUnit, Seen
from hadaemon.follow.table import follow_table
from hadaemon.io.programs.nft import load_rules
from hadaemon.io.sockets.services_client import ServicesClient
from hadaemon.problems import Problem, kinds, other
from hadaemon.status.parts import ServiceStatus
from hadaemon.status.service_phase import Phase

log = logging.getLogger(__name__)

_TURN = 0.25
"""Seconds between two looks while something is under way."""
_REST = 2.0
"""Seconds between two looks at what is as it should be; a change of state is looked at at once."""
_RETRY = 1.0
"""Seconds until a helper that failed is asked again."""
MAX_STAND_DOWN = 15.0
"""Seconds that an orderly handover waits for services at most: less than who asked for it waits."""
_HANG_UP = 5.0
"""Seconds for which a port that follows stays up at most while services end: a dial-in says goodbye over it,
or the provider keeps its session and refuses the other node."""


class Following(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(
        self,
        helper: Path,
        network: Network,
        leases: Leases,
        today: Today,
        note: Callable[[str], None],
    ) -> None:
        """`helper`: the socket of the root helper; `note`: for the history."""
        self._client = ServicesClient(helper)
        self._network = network
        self._leases = leases
        self._today = today
        self._note = note
        self._changed = asyncio.Event()
        self._cluster: ClusterConfig | None = None
        """Whose followers there are keepers for."""
        self._haproxy: Mapping[str, str] = {}
        """The administrator's part of HAProxy's configuration then."""
        self._configured = False
        self._keepers: dict[str, KeptUnit] = {}
        self._failures: dict[str, str] = {}
        self._standing_down = False
        self._hang_up_by = 0.0
        """When a port goes down, whatever still uses it; monotonic seconds."""
        self._led: frozenset[int] | None = None
        """Of these versions of IP tunnels may take everything; None: an earlier daemon may have left some."""
        self._looked = asyncio.Event()
        self._looks = 0
        """That must be over until what they saw counts as down."""

    def wake(self) -> None:
        """The node's state or its configuration is another one."""
        self._changed.set()

    def network_changed(self) -> None:
        """Its links may be others."""
        self.wake()

    async def run(self) -> None:
        """Until it is cancelled; then everything that follows is stopped."""
        try:
            while True:
                self._changed.clear()
                pause = await self._turn()
                self._looked.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
        finally:
            self._client.close()

    async def stand_down(self) -> None:
        """Stops what follows, while the node still has its addresses; returns when all is down, or has had
        its time. Until `stand_up`."""
        if not self._keepers or self._cluster is None:
            return
        # A look that is under way may still have wanted them.
        self._standing_down, self._looks = True, 2
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAX_STAND_DOWN):
                while self._looks or not all(keeper.settled for keeper in self._going):
                    self._looked.clear()
                    await self._looked.wait()
                    self._looks = max(0, self._looks - 1)

    def stand_up(self) -> None:
        """The node is as it is: what follows it follows again."""
        self._standing_down = False
        self.wake()

    def carried(self, piece: bytes) -> None:
        """The other node told of its leases."""
        self._leases.take(piece)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What an administrator should look at."""
        failures = [other(f"following/{what}", text) for what, text in self._failures.items()]
        units = [
            Problem(kinds.SERVICE, keeper.follower.unit, keeper.problem)
            for keeper in self._keepers.values()
            if keeper.problem is not None
        ]
        return (*failures, *units)

    def status(self) -> tuple[ServiceStatus, ...]:
        """For `hactl status`: each unit, and each port that follows."""
        return tuple(
            ServiceStatus(
                unit=keeper.follower.unit,
                wanted=self._wanted(keeper.follower),
                state=keeper.seen.phase if keeper.seen is not None else Phase.UNKNOWN,
            )
            for keeper in self._keepers.values()
        )

    # one turn

    async def _turn(self) -> float:
        """Puts things right; the answer is the pause until the next look."""
        session = self._today.session
        cluster = session.cluster_config if session is not None else None
        follow = cluster.follow if cluster is not None else Follow()
        self._take_links(session, follow)
        self._lead_into_tunnels(follow)
        haproxy = self._today.configuration.haproxy
        if (cluster, haproxy) != (self._cluster, self._haproxy):
            self._begin(cluster, follow)
            self._haproxy = haproxy
        self._leases.taking = self._state is not NodeState.ACTIVE
        if not self._keepers:
            self._client.close()
            return _REST
        try:
            if not self._configured or not self._client.connected:
                await self._configure(follow)
            await self._look()
            self._take_links(session, follow)
            await self._tell_leases(session)
        except HadaemonError as error:
            self._fail("helper", str(error))
            return _RETRY
        self._fail("helper", None)
        settled = all(keeper.settled for keeper in self._keepers.values()) and not self._leases.waiting
        return _REST if settled and not self._standing_down else _TURN

    def _begin(self, cluster: ClusterConfig | None, follow: Follow) -> None:
        """Another configuration: keepers of units that stay know what they knew."""
        self._cluster, self._configured = cluster, False
        before = self._keepers
        wanted = followers(follow)
        self._keepers = {
            each.unit: before[each.unit]
            if each.unit in before and before[each.unit].follower == each
            else KeptUnit(each)
            for each in wanted
        }

    async def _configure(self, follow: Follow) -> None:
        # systemd puts units into the sets of the table as it starts them: the table comes first.
        try:
            await asyncio.to_thread(load_rules, follow_table(follow))
        except HadaemonError as error:
            self._fail("table", f"services do not get their virtual address as source: {error}")
        else:
            self._fail("table", None)
        changed = await self._client.configure()
        for unit in changed:
            if (keeper := self._keepers.get(unit)) is not None and keeper.seen is not None:
                keeper.outdated()
        self._configured = True

    async def _look(self) -> None:
        seen = await self._client.look()
        keepers = list(self._keepers.values())
        now = asyncio.get_running_loop().time()
        # The last that was started is the first to be stopped.
        for keeper in keepers if self._state is NodeState.ACTIVE else reversed(keepers):
            unit = keeper.follower.unit
            due = keeper.look(self._wanted(keeper.follower), self._real(keeper, seen.get(unit)), now)
            if keeper.follower.counts and keeper.well is not None and self._today.session is not None:
                self._today.session.report_service(unit, keeper.well)
            for note in due.notes:
                log.warning("%s", note)
                self._note(note)
            if due.step is not None:
                log.info("%s: %s", unit, due.step)
                try:
                    await self._client.order(due.step, unit)
                except HadaemonError as error:
                    keeper.failed(str(error), now)
                    if not self._client.connected:
                        raise

    def _real(self, keeper: KeptUnit, seen: Seen | None) -> Seen:
        """What systemd believes, held against the interfaces that there are."""
        if seen is None:
            return Seen(Phase.ABSENT, why="the helper does not know it")
        name = keeper.follower.interface
        if seen.phase is Phase.UP and name is not None and self._network.table.named(name) is None:
            return Seen(Phase.BROKEN, seen.life)
        return seen

    def _take_links(self, session: Session | None, follow: Follow) -> None:
        """Up before the services of an active node, down after those of one that has given up."""
        now, links = asyncio.get_running_loop().time(), []
        up = self._state is NodeState.ACTIVE and not self._standing_down
        if up:
            self._hang_up_by = now + _HANG_UP
        ends = (keeper.seen is not None and keeper.seen.phase not in RESTS for keeper in self._going)
        if session is not None:
            links = [link for name in follow.ports if (link := session.link_of(name)) is not None]
        try:
            self._network.follow_links(up or (now < self._hang_up_by and any(ends)), links)
        except HadaemonError as error:
            self._fail("ports", f"a port that follows the active node: {error}")
        else:
            self._fail("ports", None)

    def _lead_into_tunnels(self, follow: Follow) -> None:
        """Each time, as somebody may have removed the rules; without such a tunnel once is enough."""
        if not follow.whole and self._led == follow.whole:
            return
        try:
            self._network.lead_into_tunnels(follow.whole)
        except HadaemonError as error:
            self._fail("rules", f"a tunnel that takes everything: {error}")
        else:
            self._led = follow.whole
            self._fail("rules", None)

    async def _tell_leases(self, session: Session | None) -> None:
        keeper = self._keepers.get(DHCP_UNIT)
        ours = keeper is not None and keeper.seen is not None and keeper.seen.phase is Phase.UP
        if session is not None and ours and self._state is NodeState.ACTIVE:
            await self._leases.follow(session.hotwire)

    @property
    def _state(self) -> NodeState:
        return self._today.state

    @property
    def _going(self) -> list[KeptUnit]:
        """Those that are down on a backup."""
        return [keeper for keeper in self._keepers.values() if not keeper.follower.on_backup]

    def _wanted(self, follower: Follower) -> bool:
        if follower.on_backup:
            return self._state in (NodeState.ACTIVE, NodeState.BACKUP, NodeState.FAULT)
        return self._state is NodeState.ACTIVE and not self._standing_down

    def _fail(self, what: str, failure: str | None) -> None:
        if failure is None:
            self._failures.pop(what, None)
        elif self._failures.get(what) != failure:
            log.error("%s", failure)
            self._failures[what] = failure
