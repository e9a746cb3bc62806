"""`hactl check`: does everything work that the users need? Of both nodes."""

import argparse
import dataclasses
import json
import time
from collections.abc import Iterable
from pathlib import Path

from hadaemon.cli.colour import show
from hadaemon.cli.failure import Exit
from hadaemon.cli.places import STATE
from hadaemon.commands.command import host
from hadaemon.control.requests import AskStatus
from hadaemon.errors import HadaemonError
from hadaemon.language.speech import _, marked, told
from hadaemon.operations.asking import ask_in_json, understood_status
from hadaemon.operations.peer import peer_of
from hadaemon.operations.ways import NAME, Finding, pair_finding, peer_not_asked, try_ways
from hadaemon.status.status import Status
from hadaemon.text.columns import table
from hadaemon.text.reading import read_json

SCHEMA = 1
_WORDS = {True: marked("good"), False: marked("FAILED"), None: "-"}
_PAUSE = 2.0


def add_check(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--name", type=_host, default=NAME, help="what to look up and ping (%(default)s)")
    command.add_argument("--here", action="store_true", help="this node alone")
    command.add_argument(
        "--wait", type=_seconds, default=0.0, metavar="SECONDS", help="until the pair is redundant, at most"
    )
    command.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    command.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    status = _status(options)
    deadline = time.monotonic() + options.wait
    while time.monotonic() < deadline and status.verdict is not None and status.verdict.reasons:
        time.sleep(_PAUSE)
        status = _status(options)
    findings = list(try_ways(status, options.name))
    if not options.here and status.hotwire is not None:
        findings += _of_the_peer(options)
    if not options.here:
        findings.append(pair_finding(status))
    failed = any(each.good is False for each in findings)
    if options.json:
        told = {"schema": SCHEMA, "good": not failed, "findings": list(map(dataclasses.asdict, findings))}
        print(json.dumps(told, indent=2))
    else:
        show("\n".join(_lines(findings)))
    return Exit.REFUSED if failed else Exit.DONE


def _status(options: argparse.Namespace) -> Status:
    return understood_status(ask_in_json(options.socket, AskStatus())).node


def _of_the_peer(options: argparse.Namespace) -> list[Finding]:
    """The same by the other node."""
    try:
        with peer_of(options.state) as peer:
            done = peer.hactl(["check", "--here", "--name", options.name, "--json"])
        found = read_json(done.out)["findings"] if done.out else []
        if not found:
            raise ValueError(done.errors.strip() or _("it said nothing"))
        return [Finding(str(one["node"]), str(one["what"]), one["good"], str(one["text"])) for one in found]
    except (HadaemonError, ValueError, KeyError, TypeError) as error:
        why = " ".join(str(error).split())
        return [peer_not_asked(why)]


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    rows = [(told(each.node), told(each.what), _(_WORDS[each.good]), told(each.text)) for each in findings]
    return table((_("node"), _("what"), "", _("result")), rows)


def _host(text: str) -> str:
    if not host(text):
        raise argparse.ArgumentTypeError(
            _("{text} is no name and no address, e.g. example.com").format(text=repr(text))
        )
    return text


def _seconds(text: str) -> float:
    if not text.isascii() or not text.isdecimal() or not int(text) <= 3600:
        raise argparse.ArgumentTypeError(
            _("{text}: a number of seconds is wanted, at most 3600").format(text=repr(text))
        )
    return float(text)
