"""`hactl hotwire detect`: which network card is cabled directly to the other node."""

import argparse
import json

from hadaemon.control.answers import Detected
from hadaemon.operations.asking import understood
from hadaemon.operations.detection import detect_hotwire, detection_lines

_DEFAULT = 10.0


def add_detect(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--seconds", type=float, default=_DEFAULT, help="how long (%(default)g)")
    command.add_argument("--no-blink", action="store_true", help="do not blink the port that was found")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    answer = detect_hotwire(options.socket, options.seconds, not options.no_blink)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        print("\n".join(detection_lines(understood(Detected, answer))))
