"""`hactl alarms`: what is wrong for how long, what was, and a test of every way out."""

import argparse
import json
from datetime import UTC, datetime

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.operations.asking import ask_daemon

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
        return
    answer = ask_daemon(options.socket, {"command": "alarms"})
    if options.json:
        told = {name: value for name, value in answer.items() if name != "ok"}
        print(json.dumps({"schema": SCHEMA} | told, indent=2))
    else:
        from hadaemon.cli.alarms_text import alarms_text

        print("\n".join(alarms_text(answer, datetime.now(UTC))))


def _test(options: argparse.Namespace) -> None:
    answer = ask_daemon(options.socket, {"command": "alarms-test"}, _TEST_TIMEOUT)
    ways: dict[str, str] = answer["ways"]
    if options.json:
        print(json.dumps({"schema": SCHEMA, "ways": ways}, indent=2))
    else:
        for name, failure in ways.items():
            print(f"{name}: {f'FAILED: {failure}' if failure else 'sent'}")
        if set(ways) == {"syslog"}:
            print("nothing else is configured: see [alarms] in docs/alarms.md")
    failed = [name for name, failure in ways.items() if failure]
    if failed:
        raise CommandFailed(Exit.REFUSED, f"the test did not get through: {', '.join(failed)}")
