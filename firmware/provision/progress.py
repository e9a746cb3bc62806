"""One line a port: on a terminal each is rewritten in its place, elsewhere every change is a new line."""

import shutil
import sys
import threading
import time
from collections.abc import Sequence

from firmware.safe import own, safe


class Progress:
    """For several threads at once."""

    def __init__(self, ports: Sequence[str]) -> None:
        self._texts = dict.fromkeys(ports, "opening")
        self._width = max(map(len, ports), default=0)
        self._begun = time.monotonic()
        self._drawn = False
        self._lock = threading.Lock()

    def say(self, port: str, text: str) -> None:
        """What a port is at."""
        with self._lock:
            self._texts[port] = text
            if not sys.stdout.isatty():
                print(self._line(port), flush=True)
                return
            columns = shutil.get_terminal_size().columns
            up = f"\x1b[{len(self._texts)}A" if self._drawn else ""
            self._drawn = True
            lines = (safe(self._line(one))[: columns - 1] for one in self._texts)
            drawn = "".join(f"\r{line}\x1b[K\n" for line in lines)
            print(up + drawn, end="", file=own(sys.stdout), flush=True)

    def _line(self, port: str) -> str:
        seconds = int(time.monotonic() - self._begun)
        return f"[{seconds // 60:02d}:{seconds % 60:02d}] {port:{self._width}}  {self._texts[port]}"
