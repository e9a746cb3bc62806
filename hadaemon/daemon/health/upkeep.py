"""Looks now and then at what goes bad slowly. In the background, and never in a hurry."""

import asyncio
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from hadaemon.alarms import upkeep
from hadaemon.daemon.part import Part
from hadaemon.errors import HadaemonError
from hadaemon.io.programs.openssl import ends_of
from hadaemon.io.sockets.helper import ask_helper
from hadaemon.problems import Problem, kinds
from hadaemon.sync.tree import FILES

log = logging.getLogger(__name__)

_PERIOD = 60.0
_RARELY = 30
"""So many periods from one look at certificates and slots to the next."""
_SOON = 5
"""So many until the first one, and while something is wrong: a first boot still fills the other slot, and an
installation marks it bad until it is written."""
_KEYRING = Path("/etc/rauc/keyring.pem")
_MAX_CERTIFICATES = 20
_SUFFIXES = (".pem", ".crt")


class Upkeep(Part):
    """From the daemon's start to its stop."""

    def __init__(self, state: Path, helper: Path, has_slots: bool) -> None:
        self._state = state
        self._helper = helper
        self._has_slots = has_slots
        self._rare: tuple[Problem, ...] = ()
        self._found: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong when it was last looked at."""
        return self._found

    @property
    def slot_is_bad(self) -> bool:
        """The slot that does not run cannot be started."""
        return any(problem.kind is kinds.SLOT_BAD for problem in self._found)

    async def run(self) -> None:
        """Until it is cancelled."""
        rest = _SOON
        while True:
            if not rest:
                self._rare = (*await asyncio.to_thread(self._certificates), *await self._slots())
                rest = _SOON if self._rare else _RARELY
            self._found = (*await asyncio.to_thread(self._disk), *self._rare)
            rest -= 1
            await asyncio.sleep(_PERIOD)

    def _disk(self) -> tuple[Problem, ...]:
        try:
            found = os.statvfs(self._state)
        except OSError:
            return ()  # The daemon that cannot write there says so.
        usable = found.f_blocks - found.f_bfree + found.f_bavail
        return tuple(upkeep.disk("data", 1 - found.f_bavail / usable if usable else 0.0))

    def _certificates(self) -> tuple[Problem, ...]:
        now = datetime.now(UTC)
        return tuple(found for path in self._files() for found in self._look(path, now))

    def _look(self, path: Path, now: datetime) -> Iterator[Problem]:
        try:
            ends = ends_of(path)
        except HadaemonError as error:
            log.debug("%s", error)
            return
        if ends:
            # Behind a certificate are those that it leads to. A keyring is good while any of its own is.
            yield from upkeep.certificate(path.name, max(ends) if path == _KEYRING else ends[0], now)

    def _files(self) -> tuple[Path, ...]:
        keyring = (_KEYRING,) if self._has_slots else ()
        try:
            own = [path for path in sorted((self._state / FILES).rglob("*")) if path.suffix in _SUFFIXES]
        except OSError as error:
            log.debug("%s", error)
            own = []
        return (*keyring, *own)[:_MAX_CERTIFICATES]

    async def _slots(self) -> tuple[Problem, ...]:
        if not self._has_slots:
            return ()
        try:
            return tuple(upkeep.other_slot(await ask_helper(self._helper, "bad-slot")))
        except HadaemonError as error:
            log.warning("slots: %s", error)
            return ()
