"""Keeps the history: each change of the node's state, across sessions, processes and power cuts."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from hadaemon.cluster import NodeState, StateChanged
from hadaemon.daemon.background import Background
from hadaemon.io.errors import FileError
from hadaemon.io.store.history import Entry, History

ENDED_SILENTLY = "the daemon ended without a word (crash, reset or loss of power); noticed at its start"


class Recorder:
    """Turns changes into entries. The disk is only touched in the background, except once at the start."""

    def __init__(
        self, history: History, background: Background, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._history = history
        self._background = background
        self._monotonic = monotonic
        self._state: str = NodeState.OFF
        self._since = monotonic()
        self._note_silent_end()

    def record(self, change: StateChanged) -> None:
        """One change. A reload that changed nothing is none."""
        if change.new == self._state:
            return
        now = self._monotonic()
        self._append(Entry(_now(), self._state, change.new, change.reason, round(now - self._since, 3)))
        self._state, self._since = change.new, now

    def note(self, what: str) -> None:
        """Something that happened beside: the state stays what it is."""
        self._append(Entry(_now(), self._state, self._state, what, None))

    def _note_silent_end(self) -> None:
        try:
            last = self._history.last()
        except FileError as error:
            self._background.do("history", _raising(error))
            return
        if last is not None and last.after != NodeState.OFF:
            self._append(Entry(_now(), last.after, NodeState.OFF, ENDED_SILENTLY, None))

    def _append(self, entry: Entry) -> None:
        self._background.do("history", lambda: self._history.append(entry))


def _raising(error: FileError) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
