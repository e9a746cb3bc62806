"""`hactl switch`, `maintenance`, `resume` and `reload`: what the administrator wants, and what came of it."""

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from hadaemon.cli.asking import TIMEOUT, ask_in_json, understood

if TYPE_CHECKING:
    from hadaemon.control.answers import Spans
    from hadaemon.control.requests import Request

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

A = TypeVar("A")

SCHEMA = 1
_TIMEOUT = 40.0
"""Seconds: longer than the daemon itself waits for an outcome."""
_STEPS = ("detection", "address", "announcement", "total")


def add_administration(commands: "Commands") -> None:
    """Adds the four commands."""
    switch = commands.add_parser(
        "switch", help="make the other node active; on a backup: this one", description=_SWITCH
    )
    switch.add_argument("--force", action="store_true", help="even if the peer is not known to be ready")
    switch.set_defaults(run=_switch)
    maintenance = commands.add_parser(
        "maintenance",
        help="keep this node out of the cluster, or take it back",
        description=_MAINTENANCE,
    )
    maintenance.add_argument("on", choices=("on", "off"), metavar="on|off", help="begins it, or ends it")
    maintenance.add_argument("--force", action="store_true", help="even if nobody takes over")
    maintenance.set_defaults(run=_maintenance)
    resume = commands.add_parser("resume", help="end the suspension of a node that switched too often")
    resume.set_defaults(run=_resume)
    reload = commands.add_parser("reload", help="read node.toml and cluster.toml again and apply them")
    reload.set_defaults(run=_reload)
    for command in (switch, maintenance, resume, reload):
        command.add_argument("--json", action="store_true", help="the outcome for programs")


_SWITCH = "Hands the virtual addresses over without a gap, and tells how long each step took."
_MAINTENANCE = "An active node hands over first. Maintenance lasts until it is ended, also over reboots."


def _switch(options: argparse.Namespace) -> None:
    from hadaemon.control.answers import Administered
    from hadaemon.control.requests import Switch

    answer = _asked(options, Switch(options.force), Administered, _TIMEOUT)
    if answer is not None:
        print(answer.reason)
        print(f"  {', '.join(_spans(answer.milliseconds))}")


def _maintenance(options: argparse.Namespace) -> None:
    from hadaemon.control.answers import Administered
    from hadaemon.control.requests import Maintenance

    request = Maintenance(options.on == "on", options.force)
    answer = _asked(options, request, Administered, _TIMEOUT)
    if answer is not None:
        print(answer.reason)


def _resume(options: argparse.Namespace) -> None:
    from hadaemon.control.answers import Administered
    from hadaemon.control.requests import Resume

    answer = _asked(options, Resume(), Administered)
    if answer is not None:
        print(answer.reason)


def _reload(options: argparse.Namespace) -> None:
    from hadaemon.control.answers import Reloaded
    from hadaemon.control.requests import Reload

    answer = _asked(options, Reload(), Reloaded)
    if answer is not None:
        unchanged = "nothing to do: the files are as they were"
        print(f"applied: {answer.condition}" if answer.changed else unchanged)


def _asked(
    options: argparse.Namespace, request: "Request", kind: type[A], timeout: float = TIMEOUT
) -> A | None:
    """The answer for people; None: it was printed for programs."""
    answer = ask_in_json(options.socket, request, timeout)
    if options.json:
        print(json.dumps({"schema": SCHEMA, **answer}, indent=2))
        return None
    return understood(kind, answer)


def _spans(milliseconds: "Spans") -> Iterator[str]:
    """The steps that were seen from this node."""
    for step in _STEPS:
        span: float | None = getattr(milliseconds, step)
        if span is not None:
            yield f"{step} {span:.1f} ms"
