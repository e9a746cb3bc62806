"""`hactl switch`, `maintenance` and `resume`: the administrator's wishes, and what became of them."""

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hadaemon.cli.asking import ask_daemon

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_TIMEOUT = 40.0
"""Seconds: longer than the daemon itself waits for an outcome."""
_STEPS = ("detection", "address", "announcement", "total")


def add_administration(commands: "Commands") -> None:
    """Adds the three commands."""
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
    maintenance.add_argument("on", choices=("on", "off"))
    maintenance.add_argument("--force", action="store_true", help="even if nobody takes over")
    maintenance.set_defaults(run=_maintenance)
    resume = commands.add_parser("resume", help="end the suspension of a node that switched too often")
    resume.set_defaults(run=_resume)


_SWITCH = "Hands the virtual addresses over without a gap, and tells how long each step took."
_MAINTENANCE = "An active node hands over first. Maintenance lasts until it is ended, also over reboots."


def _switch(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "switch", "force": options.force}, _TIMEOUT)
    print(answer["reason"])
    print(f"  {', '.join(_spans(answer['milliseconds']))}")


def _maintenance(options: argparse.Namespace) -> None:
    request = {"command": "maintenance", "on": options.on == "on", "force": options.force}
    print(ask_daemon(options.socket, request, _TIMEOUT)["reason"])


def _resume(options: argparse.Namespace) -> None:
    print(ask_daemon(options.socket, {"command": "resume"})["reason"])


def _spans(milliseconds: Mapping[str, float | None]) -> Iterator[str]:
    """The steps that were seen from this node."""
    for step in _STEPS:
        span = milliseconds.get(step)
        if span is not None:
            yield f"{step} {span:.1f} ms"
