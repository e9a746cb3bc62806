"""`hactl firmware status`: both slots, and which one is next. Loads little: the peer may wait for it."""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from hadaemon.cli.firmware_places import add_firmware_places, firmware_of
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.operations.firmware_status import firmware_status

SCHEMA = 1


def add_status(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_firmware_places(command)
    command.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> None:
    status = firmware_status(firmware_of(options), options.socket)
    found = {"schema": SCHEMA, **dataclasses.asdict(status)}
    print(json.dumps(found, indent=2) if options.json else "\n".join(status_lines(found)))


def status_lines(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for slot in sorted(found["slots"], key=lambda slot: str(slot["slot"])):
        version = slot["version"] or "as it was flashed"
        yield f"slot {slot['slot']}: {version}: {', '.join(_words(found, slot))}"
    running = next(slot for slot in found["slots"] if slot["running"])
    if not running["bundle"]:
        what = running["version"] or "what runs"
        yield f"the bundle of {what} is not on this node: `hactl firmware keep FILE`"
    yield from upgrade_lines(found)


def _words(found: dict[str, Any], slot: dict[str, Any]) -> Iterator[str]:
    waiting, on_trial = found["trial"] == "waiting", found["trial"] == "on-trial"
    if slot["running"]:
        yield "running on trial" if on_trial else "running"
    elif waiting and found["next"] == slot["slot"]:
        yield "on trial at the next restart"
    else:
        yield "good" if slot["good"] else "cannot be started"
    if found["next"] == slot["slot"] and not slot["running"] and not waiting:
        yield "next"
