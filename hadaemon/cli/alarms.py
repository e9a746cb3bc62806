"""`hactl alarms`: what is wrong for how long, what was, and a test of every way out."""

import argparse
import json
from datetime import UTC, datetime

from hadaemon.alarms.status import AlarmsStatus
from hadaemon.cli.alarms_text import alarms_text
from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.control.answers import AlarmsTested
from hadaemon.control.requests import AskAlarms, SendTestAlarm
from hadaemon.language.speech import _, told
from hadaemon.operations.asking import ask_daemon, ask_in_json

SCHEMA = 1
_TEST_TIMEOUT = 120.0
"""Seconds for every way together."""


def add_alarms(alarms: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    alarms.add_argument(
        "--test", action="store_true", help="send a test over every way, and tell what came of it"
    )
    alarms.set_defaults(run=_alarms)


def _alarms(options: argparse.Namespace) -> None:
    if options.test:
        _test(options)
    else:
        _show(options)


def _show(options: argparse.Namespace) -> None:
    if options.json:
        answer = ask_in_json(options.socket, AskAlarms())
        fields = {name: value for name, value in answer.items() if name != "ok"}
        print(json.dumps({"schema": SCHEMA} | fields, indent=2))
    else:
        alarms = ask_daemon(options.socket, AskAlarms(), AlarmsStatus)
        print("\n".join(alarms_text(alarms, datetime.now(UTC))))


def _test(options: argparse.Namespace) -> None:
    ways = ask_daemon(options.socket, SendTestAlarm(), AlarmsTested, _TEST_TIMEOUT).ways
    if options.json:
        print(json.dumps({"schema": SCHEMA, "ways": dict(ways)}, indent=2))
    else:
        for name, failure in ways.items():
            print(f"{name}: {_('FAILED') + ': ' + told(failure) if failure else _('sent')}")
        if set(ways) == {"syslog"}:
            print(_("nothing else is configured: see [alarms] in docs/alarms.md"))
    failed = [name for name, failure in ways.items() if failure]
    if failed:
        why = _("the test did not get through: {ways}").format(ways=", ".join(failed))
        raise CommandFailed(Exit.REFUSED, why)
