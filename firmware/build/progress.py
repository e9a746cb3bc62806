"""Stages: one line each with its time, and a log file that holds what its commands printed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from firmware.safe import own

LIVE_LINE = "\r\033[K"


class Progress:
    """Prints stages to the terminal; live while one runs when the output is a terminal."""

    def __init__(self, logs: Path, stream: TextIO | None = None) -> None:
        self._logs = logs
        self._stream = own(stream or sys.stdout)
        self._live = self._stream.isatty()
        self._start = time.monotonic()
        self._log: Path = logs / "build.log"
        self.seconds: dict[str, float] = {}
        logs.mkdir(parents=True, exist_ok=True)

    @property
    def log(self) -> Path:
        """The log file of the stage that runs now."""
        return self._log

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[None]:
        """Run the body as the stage `name`; `what` says in a few words what it does."""
        self._log = self._logs / f"{name}.log"
        self._log.write_text("")
        begin = time.monotonic()
        if self._live:
            self._print(f"         {name:<10} {what} …", end="")
        try:
            yield
        except BaseException:
            self._finish(name, f"failed: {what}", begin)
            raise
        self._finish(name, what, begin)
        self.seconds[name] = round(time.monotonic() - begin, 2)

    def reused(self, name: str, what: str) -> None:
        """Say that a cached layer spared a stage."""
        self._print(f"  cached {name:<10} {what}")
        self.seconds[name] = 0.0

    def _finish(self, name: str, what: str, begin: float) -> None:
        now = time.monotonic()
        before = LIVE_LINE if self._live else ""
        self._print(f"{before}{now - begin:6.1f} s {name:<10} {what}   ({now - self._start:.1f} s in all)")

    def _print(self, text: str, end: str = "\n") -> None:
        # When the reader went away (a pipe into `head`), the build goes on.
        with suppress(BrokenPipeError):
            print(text, end=end, file=self._stream, flush=True)
