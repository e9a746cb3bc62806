"""The terminal: lines out, lines in, secrets without echo.

GNU readline edits the line, by way of the standard library. With TERM=dumb it sends nothing but printable
characters, carriage returns, backspaces and bells, asks the terminal nothing, and needs to know no size: a
VT100, a serial line at 9600 baud, and a program on the other end all do. Only ASCII goes out, whatever
character set the other end has.
"""

import contextlib
import ctypes
import os
import signal
import sys
import termios
import textwrap
from collections.abc import Iterator
from typing import Any, Protocol

from hadaemon.text.plain import plain

WIDTH = 78
HEIGHT = 20
"""Lines at once; a terminal has 24, and the question needs some."""
_UNBOUND = (
    *(r"\C-q", r"\C-v", r"\C-r", r"\C-s", r"\C-]", r"\C-x", r"\C-x\C-r", r"\C-x(", r"\e[200~"),
    *(r"\C-y", r"\e\C-y", r"\e\C-]", r"\C-o", r"\C-t"),
)
"""Keys of readline that would take the next ones for something else, read a file, send or change what was
typed, or bring back what was deleted: it may have been a password."""
_NOISE = r"\C-g"
"""Puts itself into the line: no answer has it, so the line is refused, and typed again."""
_ESCAPED = "".join(map(chr, range(0x21, 0x7F))).translate({ord("["): None, ord("O"): None})
"""Behind an escape these belong to nothing that a keyboard sends: it is noise, and what comes after it is not
to be swallowed."""
_MOVING = {"D": "backward-char", "C": "forward-char", "H": "beginning-of-line", "F": "end-of-line"}
_EDITING = {
    r"\C-a": "beginning-of-line",
    r"\C-b": "backward-char",
    r"\C-d": "delete-char",
    r"\C-e": "end-of-line",
    r"\C-f": "forward-char",
    r"\C-k": "kill-line",
    r"\C-w": "unix-word-rubout",
    **{f"{way}{key}": command for way in (r"\e[", r"\eO") for key, command in _MOVING.items()},
}
"""Keys that edit what is seen. In a secret they are noise: nobody would see where the next key goes."""
_ENTER = tuple(rf"{before}\C-{key}" for before in (r"\e", r"\e[", r"\eO", r"\C-x") for key in "mj")
"""Escape and Enter would make it another editor (vi); Enter is Enter, whatever came before."""
_CTRL_C = b"\x03"
_STOPS = r'"\C-c": "\C-e\C-u!\C-m"'
"""Ctrl-C answers `!`. As a signal it would be lost when it comes while readline is not waiting."""


_RETURN = ord("\r")
_PAUSE = 0.3
"""Seconds: within them comes the line feed of a carriage return, and no other key of a person."""

ORIGINAL_TERM = os.environ.get("TERM", "vt100")
"""For programs that are started from here."""


class Terminal(Protocol):
    """What the executor needs."""

    def write(self, line: str = "") -> None:
        """One line."""

    def read(self, prompt: str) -> str:
        """One line. Raises EOFError, KeyboardInterrupt."""

    def read_secret(self, prompt: str) -> str:
        """The same, without echo."""


def wrapped(text: str, indent: str = "") -> Iterator[str]:
    """Lines that fit; columns of a table that fits stay as they are."""
    line = plain(text)
    if len(indent + line) <= WIDTH:
        yield indent + line
        return
    hanging = indent + "  " if line.startswith(("! ", "  ")) else indent
    yield from textwrap.wrap(
        line, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_on_hyphens=False
    ) or [""]


class Line:
    """A real terminal: standard input and output."""

    def __init__(self) -> None:
        # Before readline looks at it for the first time.
        os.environ["TERM"] = "dumb"
        import readline

        readline.set_auto_history(False)
        readline.set_completer(lambda text, state: None)
        readline.parse_and_bind("set bell-style none")
        readline.parse_and_bind("set output-meta off")
        readline.parse_and_bind("tab: self-insert")
        readline.parse_and_bind(_STOPS)
        for key in _UNBOUND:
            readline.parse_and_bind(f'"{key}": ""')
        readline.parse_and_bind(f'"{_NOISE}": self-insert')
        readline.parse_and_bind(r'"\e": self-insert')  # Where it begins nothing.
        for key in _ESCAPED:
            quoted = f"\\{key}" if key in '"\\' else key
            readline.parse_and_bind(f'"\\e{quoted}": "{_NOISE}{quoted}"')
        for key in _ENTER:
            readline.parse_and_bind(f'"{key}": accept-line')
        # A line is as wide as it is: readline would shorten the prompt in a window that was made narrow.
        signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
        signal.signal(signal.SIGALRM, lambda _number, _frame: _bind_line_feed(True))
        for stream in (sys.stdin, sys.stdout):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    def write(self, line: str = "") -> None:
        """One line, at once."""
        sys.stdout.write(f"{plain(line)}\n")
        sys.stdout.flush()

    def read(self, prompt: str) -> str:
        """Whatever was typed, line noise included."""
        return _read(prompt, termios.ECHO)

    def read_secret(self, prompt: str) -> str:
        """Never echoed: readline echoes nothing where the terminal did not."""
        _bind_editing(False)
        try:
            text = _read(prompt, 0)
        finally:
            _bind_editing(True)
        self.write()
        return text


def _bind_editing(edits: bool) -> None:
    import readline

    for key, command in _EDITING.items():
        readline.parse_and_bind(f'"{key}": {command}' if edits else f'"{key}": "{_NOISE}"')


def _bind_line_feed(enters: bool) -> None:
    import readline

    readline.parse_and_bind(r'"\C-j": accept-line' if enters else r'"\C-j": ""')


def _last_key() -> int:
    """The one that ended the line."""
    import readline

    try:
        return ctypes.c_int.in_dll(ctypes.CDLL(readline.__file__), "rl_executing_key").value
    except (AttributeError, OSError, ValueError):  # A Python that has readline in itself, or another editor.
        return 0


def _read(prompt: str, echo: int) -> str:
    """Enter is a carriage return, a line feed, or both: the line feed behind a return answers nothing. The
    timer does not outlive the question: while Python ends, nobody takes its signal, which would kill it."""
    settings = _without()
    settings[3] = settings[3] & ~termios.ECHO | echo
    try:
        if _last_key() == _RETURN:
            _bind_line_feed(False)
            signal.setitimer(signal.ITIMER_REAL, _PAUSE)
        with _set(settings):
            return input(plain(prompt))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _bind_line_feed(True)


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """No key stops the output or the process: Ctrl-C, Ctrl-Z, Ctrl-S, Ctrl-\\ and break are keys as others.

    Nothing is echoed but by what reads it: a password that is typed before it is asked for shows nowhere.
    """
    settings = _without(termios.VINTR, termios.VSUSP, termios.VQUIT)
    settings[0] = settings[0] & ~(termios.IXON | termios.IXOFF | termios.BRKINT) | termios.IGNBRK
    settings[0] &= ~termios.ICRNL  # What is typed ahead stays what it is.
    settings[3] = settings[3] & ~termios.ECHO | termios.ICANON | termios.ISIG
    with _set(settings):
        yield


@contextlib.contextmanager
def interruptible(echo: bool) -> Iterator[None]:
    """Meanwhile Ctrl-C is a KeyboardInterrupt; with `echo` it is a terminal as other programs expect it."""
    if not sys.stdin.isatty():
        yield
        return
    settings = _without()
    settings[0] |= termios.ICRNL
    settings[6][termios.VINTR] = _CTRL_C
    if echo:
        settings[3] |= termios.ECHO
    with _set(settings):
        yield


def _without(*keys: int) -> list[Any]:
    """The present settings, with some keys as ordinary characters."""
    descriptor = sys.stdin.fileno()
    settings = termios.tcgetattr(descriptor)
    off = bytes([os.fpathconf(descriptor, "PC_VDISABLE") & 0xFF])
    for key in keys:
        settings[6][key] = off
    return settings


@contextlib.contextmanager
def _set(settings: list[Any]) -> Iterator[None]:
    """These settings meanwhile; nothing that was typed is lost."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    termios.tcsetattr(descriptor, termios.TCSADRAIN, settings)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # It may be gone.
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
