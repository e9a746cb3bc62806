"""The upgrade of the pair: carries out what is due on this node, and tells both nodes where it stands.

What is due is decided in `hadaemon.upgrade.rolling` from the plan on the disk, this node and the other one's
words. Whether a firmware on trial is kept is not decided here but by the probation, as with any other update.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from hadaemon.daemon.part import Part
from hadaemon.daemon.upgrade.seen import World
from hadaemon.errors import HadaemonError
from hadaemon.problems import Problem, other
from hadaemon.state.release import Release
from hadaemon.status.parts import UpgradeStatus
from hadaemon.upgrade.begin import check_pair, plan_of
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.firmware_report import FirmwareReport, node_of
from hadaemon.upgrade.fitness import Fitness
from hadaemon.upgrade.next_start import next_start
from hadaemon.upgrade.plan import Plan, Verdict, under_way
from hadaemon.upgrade.rolling import Next, NodeView, UpgradeStep, call_off, next_step
from hadaemon.upgrade.telling import changes, title
from hadaemon.upgrade.trial import Outlook

log = logging.getLogger(__name__)

_LOOK = 0.5
"""Seconds between two looks at what is due."""
_RETRY = 10.0
"""Seconds after something failed that is tried again."""
_RESTART_PATIENCE = 120.0
"""Seconds in which a node that is to restart does so."""


class Upgrade(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(self, world: World, release: Release, now: Callable[[], float]) -> None:
        self._world = world
        self._release = release
        self._now = now
        self._fitness = Fitness(now())
        self._next_version: str | None = None
        """That the next start takes; None: to be asked for."""
        self._on_trial = True
        """Until it is known that nothing is: the other node must not take a trial for one that was kept."""
        self._working = False
        """The other slot is being written."""
        self._progress = ""
        self._due = Next(None, "")
        self._problem = ""
        self.plan: Plan | None = None
        try:
            self.plan = world.load()
        except HadaemonError as error:
            log.error("%s", error)
            self._problem = str(error)
        if self.under_way and self.plan is not None:
            world.note(f"{title(self.plan)} goes on: {release.version} runs after a restart")

    @property
    def under_way(self) -> bool:
        """Preemption is frozen, and nobody else may update anything."""
        return under_way(self.plan)

    @property
    def report(self) -> FirmwareReport:
        """What the other node is told."""
        fit = self._fitness
        trial, following = self._on_trial, self._next_version or ""
        return FirmwareReport(True, trial, following, fit.healthy, fit.sick, fit.soaked, self.plan)

    async def run(self) -> None:
        """Until it is cancelled."""
        if self._release.slot is None:
            return
        while True:
            try:
                await self.turn()
            except HadaemonError as error:
                self._complain(str(error))
                await asyncio.sleep(_RETRY)
            await asyncio.sleep(_LOOK)

    def status(self) -> UpgradeStatus | None:
        """For `hactl status`; None: there never was an upgrade."""
        if self.plan is None:
            return None
        seen = self._world.peer()
        peer = None if seen is None else replace(seen[0], plan=None)
        return UpgradeStatus(self.plan, self._due.step, self._due.reason, self._progress, peer)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What an administrator should look at."""
        found = [self._problem] if self._problem else []
        if self.under_way and self.plan is not None and self.plan.failed:
            found.append(f"this node could not be upgraded: {self.plan.failed}")
        return tuple(other("upgrade", f"firmware upgrade: {text}") for text in found)

    # what an administrator asks for

    async def check(self) -> None:
        """Raises UpgradeError when no upgrade may begin now."""
        await self._pair()

    async def begin(self, target: str, digest: str) -> Plan:
        """Both nodes have the bundle: from here on the plan counts. Raises HadaemonError."""
        me, peer = await self._pair()
        plan = plan_of(me, peer, target, digest, self._world.here().preferred)
        await self._write(plan)
        return plan

    async def call_off(self) -> str:
        """Both nodes go back; or a decided one that cannot come to its end is forgotten here."""
        plan = self.plan
        stranger = plan is not None and self._world.here().name not in (plan.first, plan.second)
        if plan is not None and self.under_way and (stranger or plan.verdict is not Verdict.RUNNING):
            if self._world.peer() is not None and not stranger:
                raise UpgradeError(f"it is decided ({plan.verdict}: {plan.reason}), and both nodes are at it")
            await self._write(replace(plan, closed=True))
            return "the upgrade is over for this node"
        await self._write(call_off(self._me()))
        return "the upgrade is called off: both nodes go back to the version before"

    async def failed(self, why: str) -> None:
        """By the probation: the firmware on trial is given up, or did not come up."""
        plan = self.plan
        ours = plan is not None and plan.verdict is Verdict.RUNNING and self.under_way and not plan.failed
        if ours and plan is not None:
            await self._write(replace(plan, failed=why))

    # what is due

    async def turn(self) -> None:
        """One look, and what is due then. Raises HadaemonError: the same is tried again."""
        here = self._world.here()
        self._fitness.look(not here.unwell, here.active, self._now())
        seen = self._world.peer()
        peer = seen[0] if seen is not None else None
        if not self.under_way and (peer is None or not under_way(peer.plan)):
            self._world.tell(False, "")
            await self._look_at_trial()
            self._due, self._next_version = next_step(self._me(), None), None
            return
        self._world.tell(self.under_way, "")
        await self._look_at_slots()
        due = next_step(self._me(), peer) if here.name else Next(None, here.unwell)
        if due != self._due:
            log.info("upgrade: %s", f"{due.step}: {due.reason}" if due.step else due.reason)
        self._due = due
        await self._carry_out(due)
        self._problem = ""

    async def _carry_out(self, due: Next) -> None:
        match due.step:
            case UpgradeStep.WRITE if due.plan is not None:
                await self._write(due.plan)
            case UpgradeStep.INSTALL:
                await self._install()
            case UpgradeStep.RESTART:
                await self._restart(due.reason)
            case UpgradeStep.GO_BACK:
                self._note(f"goes back to {self._plan.before}: {due.reason}")
                await self._change("upgrade-back")
            case UpgradeStep.CALL_OFF:
                await self._change("upgrade-off")
            case UpgradeStep.HAND_OVER:
                await self._world.switch()
                self._note(f"handed over: {due.reason}")
            case UpgradeStep.KEEP | UpgradeStep.GIVE_UP | UpgradeStep.WRITE | None:
                pass  # Of a trial the probation decides.

    async def _install(self) -> None:
        if not self._working:
            self._note(f"installs {self._plan.target}")
            await self._world.ask("upgrade-work")
            self._working = True
            return
        said = await asyncio.to_thread(self._world.said)
        self._progress = said.lines[-1] if said.lines else ""
        if said.status is None:
            return
        last, self._working, self._progress = self._progress, False, ""
        self._next_version = None
        await self._look_at_slots()
        if self._next_version != self._plan.target:
            await self.failed((last if said.status else "") or "the installation has ended without a word")

    async def _restart(self, reason: str) -> None:
        self._note(f"restarts {reason}")
        self._world.tell(True, f"firmware upgrade: restarts {reason}")
        await self._world.ask("upgrade-restart")
        await asyncio.sleep(_RESTART_PATIENCE)
        self._world.tell(True, "")
        raise UpgradeError(f"the node has not restarted within {_RESTART_PATIENCE:g} s")

    async def _change(self, verb: str) -> None:
        """Something else is started next."""
        self._next_version = None
        await self._world.ask(verb)

    async def _look_at_trial(self) -> None:
        """One that is over does not come back in this life of the daemon."""
        if self._on_trial:
            where, _ = await asyncio.to_thread(self._world.trial)
            self._on_trial = where is Outlook.ON_TRIAL

    async def _look_at_slots(self) -> None:
        """What the boot loader takes next is only asked for after a change."""
        await self._look_at_trial()
        if self._next_version is None:
            where, version = await asyncio.to_thread(self._world.trial)
            answer = await self._world.ask("firmware-state")
            before = self.plan.before if self.plan is not None else ""
            self._next_version = next_start(answer, where, version, self._release.version or "", before)

    def _me(self) -> NodeView:
        here = self._world.here()
        return node_of(here.name, self._release.version or "", self.report, here.active, here.ready)

    async def _pair(self) -> tuple[NodeView, NodeView]:
        me, seen = self._me(), self._world.peer()
        try:
            where, _ = await asyncio.to_thread(self._world.trial)
        except HadaemonError as error:
            raise UpgradeError(str(error)) from error
        if where in (Outlook.WAITING, Outlook.ON_TRIAL):
            raise UpgradeError(
                f"an update of {me.name} has not come to its end: see `hactl firmware status` there"
            )
        if not me.healthy and self._world.here().unwell:
            raise UpgradeError(f"{me.name} is not well: {self._world.here().unwell}")
        check_pair(me, seen[0] if seen is not None else None, seen is not None and seen[1])
        assert seen is not None
        return me, seen[0]

    @property
    def _plan(self) -> Plan:
        assert self.plan is not None
        return self.plan

    async def _write(self, plan: Plan) -> None:
        """To the disk first; only then it counts."""
        before = self.plan
        await asyncio.to_thread(self._world.store, plan)
        self.plan = plan
        self._world.tell(self.under_way, "")
        for line in changes(before, plan):
            self._note(line)
        if plan.closed:
            await self._world.ask("upgrade-work")  # What is left of the bundle goes.

    def _note(self, what: str) -> None:
        log.info("%s: %s", title(self._plan), what)
        self._world.note(f"{title(self._plan)}: {what}")

    def _complain(self, problem: str) -> None:
        if problem != self._problem:
            log.error("upgrade: %s", problem)
        self._problem = problem
