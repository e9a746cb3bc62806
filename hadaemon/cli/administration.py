"""`hactl switch`, `maintenance`, `resume` and `reload`: what the administrator wants, and what came of it."""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hadaemon.cli.render import Answer
from hadaemon.operations.asking import ask_daemon

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

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
