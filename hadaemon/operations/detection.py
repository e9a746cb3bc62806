"""Has the daemon find out which network card is cabled directly to the other node, and says what it found."""

from collections.abc import Iterator
from pathlib import Path

from hadaemon.control.answers import Detected, DetectedPort
from hadaemon.control.requests import DetectHotwire
from hadaemon.hotwire.detection import Verdict
from hadaemon.io.sockets.control_client import Message
from hadaemon.operations.asking import ask_in_json
from hadaemon.text.columns import table

_GRACE = 20.0
"""Seconds beside those of listening: for blinking, and for a busy box."""

_MEANING = {
    Verdict.NO_CARRIER: "no cable, or the other end is off",
    Verdict.DIRECT: "cabled directly to",
    Verdict.SWITCHED: "a switch in between: the cable must be direct",
    Verdict.SEVERAL: "several appliances",
    Verdict.LOOP: "cabled to another port of this node",
    Verdict.FOREIGN: "another network",
    Verdict.SILENT: "nobody heard",
}


def detect_hotwire(control: Path, seconds: float, blink: bool) -> Message:
    """The daemon's answer as it stands (`Detected`), after it has listened on every card for so long."""
    return ask_in_json(control, DetectHotwire(seconds, blink), seconds + _GRACE)


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
