"""conntrackd beside the daemon: configured, started, told what to do, watched. In the background.

Level-triggered: each turn compares what the session wants with what is there. Nothing waits for it: addresses
and announcements come first, and a conntrackd that is missing or hangs is a problem in the status, no more.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from pathlib import Path

from hadaemon.cluster import NodeState
from hadaemon.config.model import ClusterConfig
from hadaemon.conntrack.conntrackd_conf import Ends, conntrackd_conf
from hadaemon.conntrack.course import PARITY_PATIENCE, Counts, Course, CourseStep, crowding
from hadaemon.conntrack.patience import Patience
from hadaemon.daemon.part import Part
from hadaemon.daemon.session import Session
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.hotwire.addresses import hotwire_ends
from hadaemon.io.programs.conntrackd import Conntrackd, connections, most_connections
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.io.store.files import read_text, write_text
from hadaemon.problems import Problem, kinds
from hadaemon.status.parts import ConntrackStatus

log = logging.getLogger(__name__)

CONFIGURATION = "conntrackd.conf"
_TURN = 0.5
"""Seconds between two looks at what is there; a change of state is looked at at once."""
_SIGN_OF_LIFE = 5.0
"""Seconds between two questions for errors."""
_GRACE = 3.0
"""Seconds that a start may take."""
_KEYS_PATIENCE = 180.0
"""Seconds from the start in which two nodes that hear each other come to keys: while a slow box boots, each
program takes some."""
_LACKING = "the other node's connections are not all here"


class Conntrack(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(self, run: Path, folder: Path, helper: Path, today: Today) -> None:
        """`run`: folder of our files; `folder`: of conntrackd's."""
        self._loop = asyncio.get_running_loop()
        self._path = run / CONFIGURATION
        self._conntrackd = Conntrackd(folder)
        self._helper = helper
        self._today = today
        self._changed = asyncio.Event()
        self._course: Course | None = None
        self._life: tuple[int, int] | None = None
        self._patience = Patience(self._loop.time())
        self._asked_at = 0.0
        self._failures: dict[str, str] = {}
        """By what failed."""
        self._errors: dict[str, int] = {}
        self._began_at = self._loop.time()
        self._complete_at = self._loop.time()
        """When this node last had all connections; at first, when it began."""
        self._complete = False
        """This spare has all of them, as it was told last."""
        self._wanted = False
        self._text: str | None = None
        """The configuration that conntrackd was started with."""
        self._made_of: tuple[Session, Ends, int] | None = None
        self._made = ""
        """What follows from that."""

    def wake(self) -> None:
        """The node's state or its configuration is another one."""
        self._changed.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            await self._turn()
            self._note_complete()
            session = self._today.session
            if session is not None:
                session.report_connections(self.missing_connections(session.cluster_config))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()

    def missing_connections(self, cluster: ClusterConfig) -> str:
        """What the node would not have if it took over now; empty: nothing, or waiting does not help."""
        now = self._loop.time()
        tells = cluster.enabled and cluster.conntrack.enabled and cluster.hotwire is not None
        if not tells or (self._course is not None and self._course.complete):
            self._complete_at = now
            return ""
        if self._waits_for_keys(now):
            self._complete_at = now
        return _LACKING if now - self._complete_at <= PARITY_PATIENCE else ""

    def _waits_for_keys(self, now: float) -> bool:
        """The other node is there, and nothing can be told before the hotwire is protected."""
        session = self._today.session
        if session is None or session.hotwire.peer_report is None or session.hotwire.protected:
            return False
        return now - self._began_at < _KEYS_PATIENCE

    def status(self) -> ConntrackStatus | None:
        """For `hactl status`; None: connections are not told to another node."""
        if not self._wanted:
            return None
        session, here = self._today.session, connections()
        vitals = session.hotwire.peer_vitals if session is not None else None
        there = vitals.connections if vitals is not None else None
        return ConntrackStatus(
            running=self._course is not None and not self._failures,
            here=here,
            there=there,
            missing=self._course.missing if self._course is not None else 0,
            errors=self._errors,
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What an administrator should look at."""
        crowded = crowding(connections(), most_connections())
        found = [crowded] if crowded else []
        found += self._failures.values()
        if self._course is not None and self._course.behind:
            missing = self._course.missing
            found.append(f"{missing} of the other node's are missing here, and asking for them did not help")
        return tuple(Problem(kinds.CONNECTIONS, "", f"connections: {text}") for text in found)

    def _pause(self) -> float:
        if self._course is None:
            return _TURN
        return max(0.0, min(_TURN, self._course.deadline - self._loop.time()))

    async def _turn(self) -> None:
        session = self._today.session
        wanted = session is not None and session.cluster_config.conntrack.enabled and self._may_run(session)
        if not wanted or session is None:
            if self._wanted or self._conntrackd.life() is not None:
                await self._stop()
            return
        if not self._wanted:
            self._begin()
        ends = _ends(session)
        if ends is None:
            return  # No cable, or nobody at its other end yet: the hotwire says so.
        text = self._configuration(session, ends)
        if text != self._text:
            await self._attempt("start", self._start(text))
        elif self._patience.is_over(self._loop.time()):
            self._patience.gave_up()
            await self._attempt("start", self._start(text))
        await self._follow(session.state is NodeState.ACTIVE, session)

    def _may_run(self, session: Session) -> bool:
        """It asks nobody who he is: it begins when what it says is protected. What runs goes on: nothing of
        it leaves in clear."""
        return session.hotwire.protected or (session.hotwire.paired and self._conntrackd.life() is not None)

    def _configuration(self, session: Session, ends: Ends) -> str:
        """What conntrackd.conf must be; made anew only when something of it has changed."""
        made_of = session, ends, most_connections()
        if self._made_of != made_of:
            own = {address.ip for port in session.node_config.ports.values() for address in port.addresses}
            settings = session.cluster_config.conntrack
            self._made = conntrackd_conf(ends, own, made_of[2], self._conntrackd.places, settings)
            self._made_of = made_of
        return self._made

    def _begin(self) -> None:
        """What runs already with the right configuration goes on: it may be the daemon that is new."""
        self._wanted, self._patience = True, Patience(self._loop.time())
        with contextlib.suppress(HadaemonError):
            self._text = read_text(self._path) if self._conntrackd.life() is not None else None

    async def _start(self, text: str) -> None:
        """conntrackd runs with this configuration, or will: the service manager starts it as soon as there is
        one, and anew when it is asked to."""
        starts_by_itself = not self._path.exists() and self._conntrackd.life() is None
        # It waits for a disk, where the folder is on one.
        await asyncio.to_thread(write_text, self._path, text, 0o640)
        self._text = text
        try:
            if not starts_by_itself:
                await ask_helper(self._helper, "conntrackd-restart")
        finally:
            self._patience.started(self._loop.time())

    async def _stop(self) -> None:
        self._wanted, self._course, self._life, self._text = False, None, None, None
        self._failures.clear()
        self._path.unlink(missing_ok=True)  # While there is one, the service manager would start it again.
        await self._attempt("stop", ask_helper(self._helper, "conntrackd-stop"))

    async def _follow(self, active: bool, session: Session) -> None:
        """Carries out what is due."""
        now, life = self._loop.time(), self._conntrackd.life()
        if life is None:
            self._life, self._course = None, None
            if self._patience.has_waited(_GRACE, now):
                self._note("running", "conntrackd does not run")
            return
        self._note("running", None)
        if self._course is None:
            self._course = Course(active, now)
        elif life != self._life:
            log.warning("conntrackd was started anew")
            self._course.restarted(now)
        self._life = life
        self._course.became(active, now)
        step = self._course.due(now)
        if step is CourseStep.COMPARE:
            self._course.compared(_comparable(session), now)
        elif step is CourseStep.HOLD:
            self._course.held(_is_kept(session), now)
        elif step is CourseStep.DRAIN:
            self._course.drained(_counts(session), now)
        elif step is not None:
            await self._carry_out(self._course, step)
        elif now - self._asked_at > _SIGN_OF_LIFE:
            self._asked_at = now
            await self._ask_errors()

    async def _carry_out(self, course: Course, step: CourseStep) -> None:
        if await self._obeyed(self._conntrackd.order(step)):
            course.done(self._loop.time())
        else:
            course.failed(self._loop.time())

    async def _ask_errors(self) -> None:
        async def ask() -> None:
            self._errors = await self._conntrackd.errors()

        await self._obeyed(ask())

    async def _obeyed(self, order: Coroutine[None, None, None]) -> bool:
        if not await self._attempt("orders", order):
            return False
        self._patience.obeyed(self._loop.time())
        self._note("start", None)
        return True

    async def _attempt(self, what: str, work: Coroutine[None, None, object]) -> bool:
        try:
            await work
        except HadaemonError as error:
            self._note(what, str(error))
            return False
        self._note(what, None)
        return True

    def _note_complete(self) -> None:
        complete = self._course is not None and not self._course.active and self._course.complete
        if complete and not self._complete:
            log.info("connections: all of the other node's are here")
        self._complete = complete

    def _note(self, what: str, failure: str | None) -> None:
        """What failed last, for the status; None: it did not."""
        if failure is None:
            self._failures.pop(what, None)
        elif self._failures.get(what) != failure:
            log.error("connections: %s", failure)
            self._failures[what] = failure


def _counts(session: Session) -> Counts:
    vitals = session.hotwire.peer_vitals
    return Counts(connections(), vitals.connections if vitals is not None else None)


def _comparable(session: Session) -> Counts:
    """Where not all is told, a spare has fewer than the other node, and nobody knows by how many: then none
    are missing."""
    counts = _counts(session)
    if session.cluster_config.conntrack.is_whole or counts.here is None or counts.there is None:
        return counts
    return Counts(counts.here, min(counts.here, counts.there))


def _is_kept(session: Session) -> bool:
    """The other node carries the traffic, and has all connections."""
    report = session.hotwire.peer_report
    return report is not None and report.peer.state is NodeState.ACTIVE and not report.peer.unready


def _ends(session: Session) -> Ends | None:
    """None: there is no cable, or the peer's address is not known yet."""
    ends, link = hotwire_ends(session.node_config, session.cluster_config), session.hotwire_link
    if ends is None or link is None:
        return None
    peer = session.hotwire.peer_address or ends.peer
    return Ends(link.name, ends.own.ip, peer) if peer is not None else None
