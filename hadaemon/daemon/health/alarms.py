"""The node's alarms: what the status says, once a second, becomes alarms in the journal, in a file, and at
the messenger, which sends them. Nothing waits for any of it."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hadaemon.alarms.model import Alarm, as_json, as_text, identity
from hadaemon.alarms.present import present, ready_peer
from hadaemon.alarms.register import AlarmRegister, restored
from hadaemon.alarms.status import AlarmsStatus, AlarmStatus, WayStatus
from hadaemon.cluster import NodeState, StateChanged
from hadaemon.control.answers import AlarmsTested
from hadaemon.control.codec import decode
from hadaemon.daemon.background import Background
from hadaemon.daemon.part import Part
from hadaemon.daemon.report import Reporter
from hadaemon.daemon.today import Today
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.journal import Journal
from hadaemon.io.store.alarm_file import AlarmFile
from hadaemon.problems import Problem, kinds
from hadaemon.status.pair import knows_active
from hadaemon.text.reading import read_json

log = logging.getLogger(__name__)

_TURN = 1.0
_ALIVE = 10.0
"""Seconds after which the messenger hears from us again."""
_TELL_TIMEOUT = 5.0
_TEST_TIMEOUT = 90.0
"""Seconds for a test on every way."""
_MAX_ANSWER = 1 << 20
_SENT_RECENT = 50
"""Of what is over, the messenger is told so much."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """The messenger's answer."""

    ways: Mapping[str, WayStatus]


class Alarms(Part):
    """From the daemon's start to its stop, over all sessions."""

    def __init__(
        self,
        today: Today,
        reporter: Reporter,
        file: AlarmFile,
        messenger: Path,
        background: Background,
    ) -> None:
        """`reporter`: has the status, with all that is wrong; `messenger`: its socket."""
        self._loop = asyncio.get_running_loop()
        self._today, self._reporter = today, reporter
        self._file, self._messenger, self._background = file, messenger, background
        self._journal = Journal("hotspare-alarm")
        self._changed = asyncio.Event()
        self._keeper = self._recall()
        self._node, self._quiet = "", False
        self._state = NodeState.OFF
        self._ready_peer = ""
        self._sent_at = self._loop.time()
        self._unheard_since: float | None = None
        """Since when the messenger does not answer."""
        self._ways: Mapping[str, WayStatus] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            changed = self._turn() or self._changed.is_set()
            self._changed.clear()
            if not self._leave:
                self._ways, self._unheard_since = {}, None
            elif changed or self._unheard_since is not None or self._loop.time() - self._sent_at > _ALIVE:
                await self._tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TURN):
                    await self._changed.wait()

    def state_changed(self, change: StateChanged) -> None:
        """The one who has become active tells what the cluster's state is now."""
        before, self._state = self._state, change.new
        if change.new is NodeState.ACTIVE and before is not NodeState.ACTIVE:
            self._happened(kinds.BECAME_ACTIVE, f"this node is active: {change.reason}")

    def status(self) -> AlarmsStatus:
        """For `hactl`."""
        return AlarmsStatus(
            active=tuple(map(self._shown, self._keeper.active)),
            recent=tuple(map(self._shown, self._keeper.recent)),
            ways=self._ways if self._leave else None,
        )

    async def test(self) -> AlarmsTested:
        """A test alarm over every way, and what came of each."""
        self._node = self._reporter.status().status.node
        event = self._happened(kinds.TEST, "a test: nothing is wrong")
        ways: dict[str, str] = {"syslog": ""}
        if self._leave:
            try:
                answer = await self._ask({"command": "test", "alarm": as_json(event)}, _TEST_TIMEOUT)
                ways |= decode(AlarmsTested, answer, "messenger").ways
            except (HadaemonError, ValueError) as error:
                ways["messenger"] = str(error)
        return AlarmsTested(ways)

    @property
    def _leave(self) -> bool:
        """Somebody is to be told."""
        settings = self._today.configuration.system.alarms
        return settings is not None and settings.leave

    def _turn(self) -> bool:
        """Whether there is something to tell."""
        status = self._reporter.status()
        self._node, self._quiet = status.status.node, knows_active(status)
        self._note_ready(ready_peer(status))
        found = present(status)
        changed = self._keeper.update(found, self._loop.time(), _now())
        for alarm in changed:
            self._log(alarm)
        if changed:
            self._store()
        return bool(changed)

    def _note_ready(self, peer: str) -> None:
        """That all is well again is no alarm, and yet what one looks for in the journal."""
        if peer and peer != self._ready_peer:
            log.info("%s is ready to take over, and has the same configuration", peer)
        self._ready_peer = peer

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Ways over which nothing gets through."""
        if self._unheard_since is not None:
            text = "the program that sends alarms does not answer: see `journalctl -u hotspare-alarms`"
            return (Problem(kinds.DELIVERY, "messenger", text),)
        return tuple(
            Problem(kinds.DELIVERY, name, f"{name}: {way.failure}")
            for name, way in self._ways.items()
            if way.failure
        )

    def _happened(self, kind: kinds.Kind, text: str) -> Alarm:
        event = Alarm(kind.word, "", kind.severity, text, _now(), pair=kind.pair, event=True)
        self._keeper.happened(event)
        self._log(event)
        self._store()
        self._changed.set()
        return event

    def _log(self, alarm: Alarm) -> None:
        fields = {
            "ALARM_ID": identity(self._node, alarm),
            "ALARM_KIND": alarm.kind,
            "ALARM_RESOURCE": alarm.resource,
            "ALARM_STATE": alarm.state,
            "ALARM_SEVERITY": alarm.severity,
            "ALARM_RAISED_AT": alarm.raised_at,
        }
        self._journal.write(as_text(alarm, self._node), alarm.syslog, fields)

    def _store(self) -> None:
        content = self._keeper.as_json()
        self._background.do("alarms", lambda: self._file.store(content))

    def _recall(self) -> AlarmRegister:
        try:
            raw = self._file.load()
        except HadaemonError as error:
            log.error("%s", error)
            raw = None
        return restored(raw, self._loop.time())

    def _shown(self, alarm: Alarm) -> AlarmStatus:
        return AlarmStatus(identity(self._node, alarm), alarm, alarm.state)

    async def _tell(self) -> None:
        """What is true now goes to the messenger, whole."""
        self._sent_at = self._loop.time()
        message = {
            "command": "take",
            "time": _now(),
            "quiet": self._quiet,
            "active": [as_json(alarm) for alarm in self._keeper.active],
            "recent": [as_json(alarm) for alarm in self._keeper.recent[-_SENT_RECENT:]],
        }
        try:
            answer = await self._ask(message, _TELL_TIMEOUT)
            self._ways, self._unheard_since = decode(_Taken, answer, "messenger").ways, None
        except (HadaemonError, ValueError):
            self._unheard_since = self._unheard_since or self._sent_at

    async def _ask(self, message: dict[str, Any], patience: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_unix_connection(str(self._messenger), limit=_MAX_ANSWER)
                try:
                    writer.write(json.dumps(message).encode() + b"\n")
                    answer = read_json(await reader.readline())
                finally:
                    writer.close()
        except (OSError, ValueError) as error:  # TimeoutError is an OSError.
            raise HadaemonError("the program that sends alarms does not answer") from error
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            raise HadaemonError("the program that sends alarms refuses")
        return answer


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
