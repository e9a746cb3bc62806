"""`hactl status`: once, or with `--watch` over and over until Ctrl-C."""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable

from hadaemon.cli.colour import coloured, show
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.render import render_status
from hadaemon.cli.status_check import Check, check_of
from hadaemon.control.errors import NoDaemon
from hadaemon.control.requests import AskStatus
from hadaemon.errors import HadaemonError
from hadaemon.io.sockets.control_client import Message
from hadaemon.language.speech import _, told
from hadaemon.operations.asking import ask_in_json, ask_status, understood_status
from hadaemon.text.safe import own

_EVERY = 2.0
_MIN, _MAX = 0.2, 3600.0
"""Seconds."""
_SCREEN = (80, 24)
"""Columns and lines of a terminal that does not say."""
_HOME, _TO_END_OF_LINE, _TO_END = "\x1b[H", "\x1b[K", "\x1b[J"
"""What every terminal since the VT100 understands."""


def add_status(status: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    status.add_argument("--verbose", action="store_true", help="every port, counters, discarded packets")
    status.add_argument(
        "--watch",
        nargs="?",
        type=_interval,
        const=_EVERY,
        metavar="SECONDS",
        help=f"again every so many seconds ({_EVERY:g}) until Ctrl-C",
    )
    status.add_argument(
        "--check",
        action="store_true",
        help="one line, for monitoring: ends with 0 redundant, 1 degraded, 2 failed, 3 unknown",
    )
    status.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> int:
    if options.check and options.watch is not None:
        raise CommandFailed(Exit.USAGE, _("--check looks once: leave --watch out"))
    if options.check:
        return _check(options)
    if options.watch is None:
        _show_once(options)
    elif options.json:
        _repeat(lambda: print(json.dumps(_in_json(options)), flush=True), options.watch)
    elif _can_redraw():
        _repeat(lambda: _redraw(options), options.watch)
    else:
        _repeat(lambda: print(f"{_title(options.watch)}\n{_screen(options)}\n", flush=True), options.watch)
    return Exit.DONE


def _check(options: argparse.Namespace) -> int:
    """The exit code. Who does not answer is not known to be well."""
    try:
        answer = _in_json(options)
        code, line = check_of(understood_status(answer).node)
    except HadaemonError as error:
        print(f"{_('unknown')}: {told(str(error))}")
        return Check.UNKNOWN
    print(json.dumps(answer, indent=2) if options.json else line)
    return code


def _show_once(options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(_in_json(options), indent=2))
    else:
        show(_rendered(options))


def _in_json(options: argparse.Namespace) -> Message:
    return ask_in_json(options.socket, AskStatus())


def _rendered(options: argparse.Namespace) -> str:
    return render_status(ask_status(options.socket), options.verbose, time.time())


def _repeat(show: Callable[[], None], every: float) -> None:
    """Ctrl-C is how it is meant to end."""
    try:
        while True:
            show()
            time.sleep(every)
    except KeyboardInterrupt:
        return


def _screen(options: argparse.Namespace) -> str:
    """A daemon that is not there comes back: who watches wants to see when."""
    try:
        return _rendered(options)
    except NoDaemon as error:
        return f"hactl: {told(str(error))}"


def _redraw(options: argparse.Namespace) -> None:
    width, height = shutil.get_terminal_size(_SCREEN)
    lines = fitted([_title(options.watch), *_screen(options).splitlines()], width, height - 1)
    drawn = f"{_TO_END_OF_LINE}\n".join(coloured("\n".join(lines)).split("\n"))
    print(f"{_HOME}{drawn}{_TO_END_OF_LINE}\n{_TO_END}", end="", file=own(sys.stdout), flush=True)


def fitted(lines: list[str], width: int, height: int) -> list[str]:
    """What fits on the screen: a line that wraps, or scrolls the first one away, would spoil it."""
    if len(lines) > height:
        lines = [line for line in lines if line]
    if len(lines) > height:
        left_off = len(lines) - height + 1
        more = _("… {count} more lines: `hactl status` without --watch has them").format(count=left_off)
        lines = [*lines[: height - 1], more]
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]


def _title(every: float) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S')}, {_('every {seconds} s').format(seconds=f'{every:g}')}"


def _can_redraw() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _MIN <= seconds <= _MAX:
        said = _("{text}: a number of seconds is wanted, {shortest} to {longest}")
        raise argparse.ArgumentTypeError(
            said.format(text=repr(text), shortest=f"{_MIN:g}", longest=f"{_MAX:g}")
        )
    return seconds
