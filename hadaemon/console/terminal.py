"""The terminal: lines out, lines in, secrets without echo.

GNU readline edits the line, by way of the standard library. With TERM=dumb it sends nothing but printable
characters, carriage returns, backspaces and bells, asks the terminal nothing, and needs to know no size: a
VT100, a serial line at 9600 baud, and a program on the other end all do. Only ASCII goes out, whatever
character set the other end has.
"""

import contextlib
import getpass
import os
import sys
import termios
import textwrap
from collections.abc import Iterator
from typing import Any, Protocol

WIDTH = 78
HEIGHT = 20
"""Lines at once; a terminal has 24, and the question needs some."""
_UNBOUND = (r"\C-q", r"\C-v", r"\C-r", r"\C-s", r"\C-x\C-r")
"""Keys of readline that would take the next key for something else, or read a file."""
_CTRL_C = r'"\C-c": "\C-e\C-u!\C-m"'
"""Ctrl-C answers `!`. As a signal it is lost when it comes while readline is not waiting."""
_PLAIN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "…": "...", "→": "->"}
)


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


def plain(text: str) -> str:
    """In ASCII, without control characters."""
    ascii_ = text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")
    return "".join(character if character.isprintable() else "?" for character in ascii_)


def wrapped(text: str, indent: str = "") -> Iterator[str]:
    """Lines that fit; columns of a table that fits stay as they are."""
    line = plain(text)
    if len(indent + line) <= WIDTH:
        yield indent + line
        return
    hanging = indent + "  " if line.startswith(("! ", "  ")) else indent
    yield from textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=hanging) or [""]


class Line:
    """A real terminal: standard input and output."""

    def __init__(self) -> None:
        # Before readline looks at it for the first time.
        os.environ["TERM"] = "dumb"
        import readline

        readline.set_auto_history(False)
        readline.set_completer(lambda text, state: None)
        readline.parse_and_bind("set bell-style none")
        readline.parse_and_bind("tab: self-insert")
        readline.parse_and_bind(_CTRL_C)
        for key in _UNBOUND:
            readline.parse_and_bind(f'"{key}": ""')
        for stream in (sys.stdin, sys.stdout):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]

    def write(self, line: str = "") -> None:
        """One line, at once."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def read(self, prompt: str) -> str:
        """Whatever was typed, line noise included."""
        with _set(_without(termios.VINTR)):
            return input(prompt)

    def read_secret(self, prompt: str) -> str:
        """Never echoed, never in readline's memory."""
        return getpass.getpass(prompt)


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """No key stops the output or the process (Ctrl-S, Ctrl-Z, Ctrl-\\, break); Ctrl-C and Ctrl-D stay."""
    settings = _without(termios.VSUSP, termios.VQUIT)
    settings[0] = settings[0] & ~(termios.IXON | termios.IXOFF | termios.BRKINT) | termios.IGNBRK
    settings[0] |= termios.ICRNL
    settings[3] |= termios.ECHO | termios.ICANON | termios.ISIG
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
