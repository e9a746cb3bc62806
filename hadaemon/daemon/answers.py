"""What the daemon is asked over its control socket: each request gets its answer, or the reason why not."""

from pathlib import Path
from typing import TypeAlias, assert_never

from hadaemon.alarms.status import AlarmsStatus
from hadaemon.control import answers
from hadaemon.control.codec import encode
from hadaemon.control.errors import RequestRefused
from hadaemon.control.requests import (
    AskAlarms,
    AskStatus,
    BeginUpgrade,
    CallUpgradeOff,
    CheckUpgrade,
    DetectHotwire,
    Maintenance,
    NodeRequest,
    Reload,
    Request,
    Resume,
    SendTestAlarm,
    Switch,
    request_of,
)
from hadaemon.control.status import StatusAnswer
from hadaemon.daemon.administration import Administration
from hadaemon.daemon.health.alarms import Alarms
from hadaemon.daemon.hotwire.detect import Detector
from hadaemon.daemon.part import Part
from hadaemon.daemon.reloads import Reloads
from hadaemon.daemon.report import Reporter
from hadaemon.daemon.requests import event_of
from hadaemon.daemon.upgrade.upgrade import Upgrade
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control import ControlServer, refusal
from hadaemon.io.sockets.control_client import SOCKET_NAME, Message

Answer: TypeAlias = (
    StatusAnswer
    | AlarmsStatus
    | answers.AlarmsTested
    | answers.Reloaded
    | answers.Administered
    | answers.Detected
    | answers.UpgradeBegun
    | answers.UpgradeCalledOff
    | answers.UpgradePossible
)


class Answers(Part):
    """The control socket."""

    def __init__(
        self,
        run: Path,
        reporter: Reporter,
        alarms: Alarms,
        reloads: Reloads,
        detector: Detector,
        administration: Administration,
        upgrade: Upgrade,
    ) -> None:
        """`run`: the folder of the socket. The others do what is asked for."""
        self._control = ControlServer(run / SOCKET_NAME, self._answer)
        self._reporter = reporter
        self._alarms = alarms
        self._reloads = reloads
        self._detector = detector
        self._administration = administration
        self._upgrade = upgrade

    async def open(self) -> None:
        """Begins to listen. Raises ControlError."""
        await self._control.open()

    async def close(self) -> None:
        """Ends every conversation."""
        await self._control.close()

    async def _answer(self, message: Message) -> Message:
        try:
            request = request_of(message)
        except ValueError as error:
            return refusal(str(error))
        await self._reloads.known()
        try:
            return {"ok": True, **encode(await self._carry_out(request))}
        except RequestRefused as error:
            return refusal(str(error), error.problems)
        except HadaemonError as error:
            return refusal(str(error))

    async def _carry_out(self, request: Request) -> Answer:
        """Raises HadaemonError: why it cannot be done."""
        match request:
            case AskStatus():
                return StatusAnswer(self._reporter.status(), self._alarms.status())
            case AskAlarms():
                return self._alarms.status()
            case SendTestAlarm():
                return await self._alarms.test()
            case Reload(keep_active):
                return await self._reloads.reload(keep_active)
            case DetectHotwire():
                return await self._detector.answer(request)
            case Switch() | Maintenance() | Resume():
                return await self._administer(request)
            case CheckUpgrade() | BeginUpgrade() | CallUpgradeOff():
                return await self._upgrade_pair(request)
            case _:
                assert_never(request)

    async def _administer(self, request: NodeRequest) -> answers.Administered:
        if self._upgrade.under_way and not isinstance(request, Resume) and not request.force:
            raise RequestRefused(
                "an upgrade of the pair is under way, which switches by itself: give --force if need be"
            )
        return await self._administration.carry_out(event_of(request))

    async def _upgrade_pair(self, request: CheckUpgrade | BeginUpgrade | CallUpgradeOff) -> Answer:
        match request:
            case CheckUpgrade():
                await self._upgrade.check()
                return answers.UpgradePossible(self._reporter.release.version)
            case BeginUpgrade(target, digest):
                plan = await self._upgrade.begin(target, digest)
                return answers.UpgradeBegun(plan.number, plan.first, plan.second)
            case CallUpgradeOff():
                return answers.UpgradeCalledOff(await self._upgrade.call_off())
            case _:
                assert_never(request)
