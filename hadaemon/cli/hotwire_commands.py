"""`hactl hotwire detect`: which network card is cabled directly to the other node."""

import argparse
import json
from typing import TYPE_CHECKING

from hadaemon.cli.asking import ask_in_json, understood

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT = 10.0
_GRACE = 20.0
"""Seconds beside those of listening: for blinking, and for a busy box."""

_DETECT = (
    "It listens and sends beacons on every network card that no port of node.toml is bound to; cards that "
    "are switched off are on meanwhile. The other node must be on. As long as it is not paired it says by "
    "itself where it is; else run this on both nodes at the same time."
)


def add_hotwire(commands: "Commands") -> None:
    """Adds the command."""
    hotwire = commands.add_parser("hotwire", help="find the hotwire's cable")
    hotwire_commands = hotwire.add_subparsers(required=True, metavar="COMMAND")
    detect = hotwire_commands.add_parser(
        "detect", help="which network card is cabled directly to the other node", description=_DETECT
    )
    detect.add_argument("--seconds", type=float, default=_DEFAULT, help="how long (%(default)g)")
    detect.add_argument("--no-blink", action="store_true", help="do not blink the port that was found")
    detect.add_argument("--json", action="store_true", help="the whole answer as JSON")
    detect.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from hadaemon.cli.detection import detection_lines
    from hadaemon.control.answers import Detected
    from hadaemon.control.requests import DetectHotwire

    request = DetectHotwire(options.seconds, not options.no_blink)
    answer = ask_in_json(options.socket, request, options.seconds + _GRACE)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        print("\n".join(detection_lines(understood(Detected, answer))))
