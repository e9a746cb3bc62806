"""Decides over the firmware that runs: a trial is kept for its health, or given up; the history says why."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from hadaemon.daemon.health.health import Health
from hadaemon.daemon.health.watchdog import STABLE, have_done, mark_good_once
from hadaemon.daemon.part import Part
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.io.store.trial_file import read_trial
from hadaemon.problems import Problem, kinds
from hadaemon.state.release import Release, boot_id
from hadaemon.upgrade.fitness import PATIENCE
from hadaemon.upgrade.trial import Check, Outlook, Trial, fell_back, given_up, kept, outlook, sick

log = logging.getLogger(__name__)

_LOOK = 0.5


class Probation(Part):
    """One start of the daemon."""

    def __init__(
        self,
        state: Path,
        helper: Path,
        release: Release,
        health: Health,
        note: Callable[[str], None],
        failed: Callable[[str], Awaitable[None]],
    ) -> None:
        """`failed` is told why a firmware does not stay, before anything is done about it."""
        self._state = state
        self._helper = helper
        self._release = release
        self._health = health
        self._note = note
        self._failed = failed
        self.trial: Trial | None = None
        """What is on trial now."""
        self._failure: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """A firmware that did not prove itself, until the daemon starts anew."""
        return self._failure

    async def run(self) -> None:
        """Until the running slot is marked good, or the node is about to restart into the other one."""
        if self._release.slot is None:
            return
        found = await asyncio.to_thread(self._read)
        where = outlook(found, self._release.slot, await asyncio.to_thread(boot_id))
        if found is not None and where is Outlook.FELL_BACK:
            why = fell_back(found, self._release.version or "the firmware before")
            log.error("%s", why)
            self._note(why)
            await self._tell_failed(why)
            await have_done(self._helper, "trial-over")
        if found is not None and where is Outlook.ON_TRIAL:
            await self._try(found)
        else:
            await mark_good_once(self._helper, lambda: self._health.good)

    async def _try(self, trial: Trial) -> None:
        self.trial = trial
        why = await self._wait_for_health(trial)
        if why:
            log.critical("%s", given_up(trial, why))
            self._note(given_up(trial, why))
            await self._tell_failed(given_up(trial, why))
            await have_done(self._helper, "trial-back")
            return
        await have_done(self._helper, "mark-good")
        self.trial = None
        log.info("%s", kept(trial))
        self._note(kept(trial))

    async def _tell_failed(self, why: str) -> None:
        """A node that cannot write it down gives the firmware up all the same."""
        self._failure = (Problem(kinds.FIRMWARE_FAILED, "", why),)
        try:
            await self._failed(why)
        except HadaemonError as error:
            log.error("%s", error)

    async def _wait_for_health(self, trial: Trial) -> str:
        """Why it is not good; empty: it is."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        deadline = since + PATIENCE
        while True:
            await asyncio.sleep(_LOOK)
            why = sick(self._health.failing(), trial.already)
            if not why and loop.time() - since >= STABLE:
                why = sick(await self._units(), trial.already)
                if not why:
                    return ""
            if why:
                since = loop.time()
                if since > deadline:
                    return why

    async def _units(self) -> dict[Check, str]:
        """Asked for only when all else is well: each question starts a helper."""
        try:
            units = await ask_helper(self._helper, "failed-units")
        except HadaemonError as error:
            return {Check.UNITS: str(error)}
        return {Check.UNITS: units} if units else {}

    def _read(self) -> Trial | None:
        try:
            return read_trial(self._state)
        except HadaemonError as error:
            log.error("%s", error)
            return None
