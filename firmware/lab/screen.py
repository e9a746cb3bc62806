"""Where the status line goes: the last row of a terminal, or plain lines when the output is no terminal."""

import shutil
import sys
import threading
import time

from firmware.safe import own, safe

SAVE, RESTORE = "\x1b7", "\x1b8"
INVERSE, NORMAL = "\x1b[7m", "\x1b[0m"
CLEAR_LINE = "\x1b[2K"


def elapsed_text(seconds: float) -> str:
    """Minutes and seconds, such as 01:05."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


class Screen:
    """Says things to the user. For several threads at once."""

    def __init__(self) -> None:
        """Nothing is drawn before the first `status`."""
        self._terminal = sys.stdout.isatty()
        self._rows = 0
        self._text = ""
        self._started = time.monotonic()
        self._lock = threading.RLock()
        self._paused = False

    def say(self, text: str) -> None:
        """Prints lines above the status line."""
        with self._lock:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def status(self, text: str) -> None:
        """Shows a new status line."""
        with self._lock:
            self._text = text
            if self._paused:
                return
            if self._terminal:
                self._draw()
            else:
                self.say(f"[{elapsed_text(time.monotonic() - self._started)}] {text}")

    def pause(self) -> None:
        """Gives the whole terminal to somebody else."""
        with self._lock:
            self._paused = True
            self._release()

    def resume(self) -> None:
        """Takes the last row back."""
        with self._lock:
            self._paused = False
            if self._terminal and self._text:
                self._draw()

    def close(self) -> None:
        """Leaves the terminal as it was."""
        self.pause()

    def _draw(self) -> None:
        columns, rows = shutil.get_terminal_size()
        out = ""
        if rows != self._rows:
            # A scroll region without the last row: what is typed and printed never reaches the status line.
            # Setting it moves the cursor; the line feed makes room when the cursor is down there already.
            out += f"\n{SAVE}\x1b[1;{rows - 1}r{RESTORE}\x1b[1A"
            self._rows = rows
        text = safe(f" {self._text}")[:columns].ljust(columns)
        out += f"{SAVE}\x1b[{rows};1H{INVERSE}{text}{NORMAL}{RESTORE}"
        print(out, end="", file=own(sys.stdout), flush=True)

    def _release(self) -> None:
        if self._rows:
            cleared = f"{SAVE}\x1b[r\x1b[{self._rows};1H{CLEAR_LINE}{RESTORE}"
            print(cleared, end="", file=own(sys.stdout), flush=True)
        self._rows = 0
