"""Our side of the hotwire in a session: at work where the nodes are paired, and quiet where they are not."""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from hadaemon.cluster import Event
from hadaemon.config import ClusterConfig
from hadaemon.daemon.hotwire.hotwire import Hotwire
from hadaemon.daemon.hotwire.plan import HotwirePlan
from hadaemon.daemon.hotwire.status import NOT_PAIRED, describe, problems, state_of
from hadaemon.daemon.hotwire.vitals import VitalSigns
from hadaemon.daemon.ports.network import Network
from hadaemon.hotwire.message import Life
from hadaemon.problems import Problem
from hadaemon.status.hotwire import Hotwire as HotwireStatus
from hadaemon.status.hotwire import HotwireState, UnpairedHotwire
from hadaemon.status.peer import Peer
from hadaemon.status.report import Report, Vitals


class HotwireSide:
    """What a session asks of its hotwire."""

    def __init__(
        self,
        plan: HotwirePlan | None,
        cluster: ClusterConfig,
        network: Network,
        loop: asyncio.AbstractEventLoop,
        post: Callable[[Event], None],
        catch_up: Callable[[], bool],
    ) -> None:
        """`post` takes what arrives; `catch_up` lets the node see what time it is. False: it cannot now."""
        self._loop = loop
        self._unpaired = cluster.hotwire if cluster.enabled else None
        self._hotwire: Hotwire | None = None
        if plan is not None:
            vitals = VitalSigns(plan.firmware, plan.head, lambda: len(network.table.cards()), plan.upgrade)
            self._hotwire = Hotwire(plan, vitals, network, loop, post, catch_up)

    def start(self, peer: Peer) -> None:
        """Begins to listen, and to tell the other node how ours is."""
        if self._hotwire is not None:
            self._hotwire.start(peer)

    def tell(self, peer: Peer) -> None:
        """Our node, as it is now."""
        if self._hotwire is not None:
            self._hotwire.tell(peer)

    def carry(self, pieces: Sequence[bytes]) -> bool:
        """Sends some pieces of what the other node needs to take over. False: not now."""
        return self._hotwire is not None and self._hotwire.carry(pieces)

    @property
    def peer_life(self) -> Life | None:
        """Which life of the other node's daemon is connected; None: none."""
        return self._hotwire.peer_life if self._hotwire is not None else None

    def read_waiting(self) -> None:
        """Takes in what has arrived."""
        if self._hotwire is not None:
            self._hotwire.read_waiting()

    def refresh(self) -> None:
        """Links or addresses are not what they were."""
        if self._hotwire is not None:
            self._hotwire.refresh()

    def goodbye(self, reason: str) -> None:
        """Our node leaves on purpose."""
        if self._hotwire is not None:
            self._hotwire.goodbye(reason)

    def close(self) -> None:
        """Closes what is open."""
        if self._hotwire is not None:
            self._hotwire.close()

    @property
    def paired(self) -> bool:
        """The node shares a secret with another one."""
        return self._hotwire is not None

    @property
    def protected(self) -> bool:
        """What has no keys of its own may be sent to the other node."""
        return self._hotwire is not None and self._hotwire.plan.protection.stands

    @property
    def peer_address(self) -> IPv4Address | None:
        """Of the other node; None: not known yet, or the nodes are not paired."""
        return self._hotwire.peer_address if self._hotwire is not None else None

    @property
    def peer_report(self) -> Report | None:
        """What the other node tells of itself now; None: it is not heard."""
        if self._hotwire is None or not self._hotwire.heartbeat.alive:
            return None
        return self._hotwire.heartbeat.report

    @property
    def peer_vitals(self) -> Vitals | None:
        """Of that, what the election does not ask."""
        report = self.peer_report
        return report.vitals if report is not None else None

    @property
    def state(self) -> HotwireState | None:
        """In one word; None: there is no hotwire."""
        if self._hotwire is not None:
            return state_of(self._hotwire)
        return HotwireState.NOT_PAIRED if self._unpaired is not None else None

    def status(self) -> HotwireStatus | None:
        """None: there is no hotwire."""
        if self._hotwire is not None:
            return describe(self._hotwire, self._loop.time())
        return UnpairedHotwire(self._unpaired.port) if self._unpaired is not None else None

    def problems(self, peer_is_dead: bool) -> tuple[Problem, ...]:
        """What an administrator should look at. `peer_is_dead`: the other node fell silent on all ways."""
        if self._hotwire is not None:
            return tuple(problems(self._hotwire, peer_is_dead, self._loop.time()))
        return (NOT_PAIRED,) if self._unpaired is not None else ()
