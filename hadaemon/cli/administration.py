"""`hactl switch`, `maintenance`, `resume` and `reload`: what the administrator wants, and what came of it."""

import argparse
import json
from collections.abc import Iterator
from typing import TypeVar

from hadaemon.control.answers import Administered, Reloaded, Spans
from hadaemon.control.requests import Maintenance, Reload, Request, Resume, Switch
from hadaemon.language.speech import _, marked, told
from hadaemon.operations.asking import TIMEOUT, ask_in_json, understood

A = TypeVar("A")

SCHEMA = 1
_TIMEOUT = 40.0
"""Seconds: longer than the daemon itself waits for an outcome, and than a slow box loads its rules."""
_STEPS = (marked("detection"), marked("address"), marked("announcement"), marked("total"))


def add_switch(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--force", action="store_true", help="even if the peer is not known to be ready")
    command.set_defaults(run=_switch)


def add_maintenance(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("on", choices=("on", "off"), metavar="on|off", help="begins it, or ends it")
    command.add_argument("--force", action="store_true", help="even if nobody takes over")
    command.set_defaults(run=_maintenance)


def add_resume(command: argparse.ArgumentParser) -> None:
    """Has no arguments."""
    command.set_defaults(run=_resume)


def add_reload(command: argparse.ArgumentParser) -> None:
    """Has no arguments."""
    command.set_defaults(run=_reload)


def _switch(options: argparse.Namespace) -> None:
    answer = _asked(options, Switch(options.force), Administered, _TIMEOUT)
    if answer is not None:
        print(told(answer.reason))
        print(f"  {', '.join(_spans(answer.milliseconds))}")


def _maintenance(options: argparse.Namespace) -> None:
    request = Maintenance(options.on == "on", options.force)
    answer = _asked(options, request, Administered, _TIMEOUT)
    if answer is not None:
        print(told(answer.reason))


def _resume(options: argparse.Namespace) -> None:
    answer = _asked(options, Resume(), Administered)
    if answer is not None:
        print(told(answer.reason))


def _reload(options: argparse.Namespace) -> None:
    answer = _asked(options, Reload(), Reloaded, _TIMEOUT)
    if answer is not None:
        applied = _("applied: {condition}").format(condition=_(answer.condition))
        print(applied if answer.changed else _("nothing to do: the files are as they were"))


def _asked(
    options: argparse.Namespace, request: Request, kind: type[A], timeout: float = TIMEOUT
) -> A | None:
    """The answer for people; None: it was printed for programs."""
    answer = ask_in_json(options.socket, request, timeout)
    if options.json:
        print(json.dumps({"schema": SCHEMA, **answer}, indent=2))
        return None
    return understood(kind, answer)


def _spans(milliseconds: Spans) -> Iterator[str]:
    """The steps that were seen from this node."""
    for step in _STEPS:
        span: float | None = getattr(milliseconds, step)
        if span is not None:
            yield f"{_(step)} {span:.1f} ms"
