"""`hactl switch`, `maintenance`, `resume` and `reload`: what the administrator wants, and what came of it."""

import argparse
import json
from collections.abc import Iterator, Mapping

from hadaemon.cli.render import Answer
from hadaemon.operations.asking import ask_daemon

SCHEMA = 1
_TIMEOUT = 40.0
"""Seconds: longer than the daemon itself waits for an outcome."""
_STEPS = ("detection", "address", "announcement", "total")


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
    answer = ask_daemon(options.socket, {"command": "switch", "force": options.force}, _TIMEOUT)
    if not _as_json(options, answer):
        print(answer["reason"])
        print(f"  {', '.join(_spans(answer['milliseconds']))}")


def _maintenance(options: argparse.Namespace) -> None:
    request = {"command": "maintenance", "on": options.on == "on", "force": options.force}
    answer = ask_daemon(options.socket, request, _TIMEOUT)
    if not _as_json(options, answer):
        print(answer["reason"])


def _resume(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "resume"})
    if not _as_json(options, answer):
        print(answer["reason"])


def _reload(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "reload"})
    if not _as_json(options, answer):
        unchanged = "nothing to do: the files are as they were"
        print(f"applied: {answer['condition']}" if answer["changed"] else unchanged)


def _as_json(options: argparse.Namespace, answer: Answer) -> bool:
    if options.json:
        print(json.dumps({"schema": SCHEMA, **answer}, indent=2))
    return bool(options.json)


def _spans(milliseconds: Mapping[str, float | None]) -> Iterator[str]:
    """The steps that were seen from this node."""
    for step in _STEPS:
        span = milliseconds.get(step)
        if span is not None:
            yield f"{step} {span:.1f} ms"
