"""`hactl hotwire detect`: which network card is cabled directly to the other node."""

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hadaemon.cli.asking import ask_in_json, understood
from hadaemon.cli.render import table
from hadaemon.control.answers import Detected, DetectedPort
from hadaemon.control.requests import DetectHotwire
from hadaemon.hotwire.detection import Verdict

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

_MEANING = {
    Verdict.NO_CARRIER: "no cable, or the other end is off",
    Verdict.DIRECT: "cabled directly to",
    Verdict.SWITCHED: "a switch in between: the cable must be direct",
    Verdict.SEVERAL: "several appliances",
    Verdict.LOOP: "cabled to another port of this node",
    Verdict.FOREIGN: "another network",
    Verdict.SILENT: "nobody heard",
}


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
    request = DetectHotwire(options.seconds, not options.no_blink)
    answer = ask_in_json(options.socket, request, options.seconds + _GRACE)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        print("\n".join(detection_lines(understood(Detected, answer))))


def detection_lines(answer: Detected) -> Iterator[str]:
    """What was found, the conclusion last."""
    rows = [
        (port.interface, port.mac, f"{port.speed} Mbit/s" if port.speed else "-", _finding(port))
        for port in answer.ports
    ]
    if not rows:
        yield "every network card is bound to a port: there is nothing to detect"
        return
    yield from table(("interface", "MAC", "speed", "at the other end"), rows)
    yield ""
    found = next((port for port in answer.ports if port.interface == answer.candidate), None)
    if found is None:
        yield (
            "no port is the hotwire for sure: plug in one direct cable, and switch the other node on; if it "
            "is paired already, run this on both at once"
        )
        return
    yield f'the hotwire is {found.interface}: in node.toml, [ports.hotwire] mac = "{found.mac}"'
    if answer.blinked:
        yield f"it cannot blink ({answer.blinked})"


def _finding(port: DetectedPort) -> str:
    text = _MEANING[port.verdict]
    if port.peer_mac:
        between = " " if port.verdict is Verdict.DIRECT else "; "
        text = f"{text}{between}{port.peer_name or 'an unpaired node'} {port.peer_mac}"
    evidence = "; ".join(port.evidence)
    return f"{text} ({evidence})" if evidence else text
