"""The user's own terminal on a node's serial console, until Ctrl-]."""

import os
import select
import sys
import termios
import tty

from firmware.lab.errors import ConsoleError
from firmware.lab.line import open_port

ESCAPE = b"\x1d"
"""Ctrl-], as telnet and virsh have it."""
CHUNK = 4096


def attach(url: str) -> None:
    """Connects keyboard and screen with a console until Ctrl-] or the end of either side.

    Raises:
        ConsoleError: there is no terminal here, or the console cannot be opened.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConsoleError("a console needs a terminal", url, "Use: run NODE COMMAND")
    line = open_port(url)
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setraw(keyboard)
        while True:
            ready, _, _ = select.select([keyboard, line], [], [])
            if keyboard in ready:
                typed = os.read(keyboard, CHUNK)
                if not typed or ESCAPE in typed:
                    return
                line.write(typed)
            if line in ready:
                try:
                    said = os.read(line.fileno(), CHUNK)
                except ConnectionResetError:
                    said = b""
                if not said:
                    return  # The node was switched off.
                os.write(sys.stdout.fileno(), said)
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        line.close()
