"""`hactl hotwire detect`: which network card is cabled directly to the other node."""

import argparse
import json
from typing import TYPE_CHECKING

from hadaemon.operations.detection import detect_hotwire, detection_lines

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT = 10.0

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
    answer = detect_hotwire(options.socket, options.seconds, not options.no_blink)
    print(json.dumps(answer, indent=2) if options.json else "\n".join(detection_lines(answer)))
