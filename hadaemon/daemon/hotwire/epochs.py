"""A greater number for each session of the hotwire, whatever the disk does."""

from collections.abc import Callable
from pathlib import Path

from hadaemon.errors import HadaemonError
from hadaemon.io.store.epoch_file import next_epoch

_SESSIONS_PER_START = 1 << 16


class Epochs:
    """A greater number for each session, over all starts of the daemon."""

    def __init__(self, folder: Path, failed: Callable[[str, str], None]) -> None:
        self._folder = folder
        self._failed = failed
        self._last: int | None = None

    def next(self) -> int:
        """The next session's. The first one writes a file: at the start, or when the nodes are paired."""
        if self._last is None:
            self._last = self._count_start() * _SESSIONS_PER_START
        self._last += 1
        return self._last

    def _count_start(self) -> int:
        try:
            return next_epoch(self._folder)
        except HadaemonError as error:
            # The other node believes a repeated number too, once it has gone without us for a moment.
            self._failed("hotwire", str(error))
            return 0
