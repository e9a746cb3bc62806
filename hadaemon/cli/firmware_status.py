"""`hactl firmware status`: both slots, and which one is next. Loads little: the peer may wait for it."""

import argparse
import json
from collections.abc import Iterator

from hadaemon.cli.firmware_places import add_firmware_places, firmware_of
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.codec import encode
from hadaemon.operations.firmware_status import FirmwareStatus, SlotStatus, firmware_status
from hadaemon.upgrade.trial import Outlook

SCHEMA = 1


def add_status(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_firmware_places(command)
    command.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> None:
    status = firmware_status(firmware_of(options), options.socket)
    if options.json:
        print(json.dumps({"schema": SCHEMA, **encode(status)}, indent=2))
    else:
        print("\n".join((*status_lines(status), *upgrade_lines(status.upgrade))))


def status_lines(status: FirmwareStatus) -> Iterator[str]:
    """For people."""
    for slot in sorted(status.slots, key=lambda slot: slot.slot):
        version = slot.version or "as it was flashed"
        yield f"slot {slot.slot}: {version}: {', '.join(_words(status, slot))}"
    running, _ = status.slots
    if not running.bundle:
        what = running.version or "what runs"
        yield f"the bundle of {what} is not on this node: `hactl firmware keep FILE`"


def _words(status: FirmwareStatus, slot: SlotStatus) -> Iterator[str]:
    waiting = status.trial is Outlook.WAITING
    if slot.running:
        yield "running on trial" if status.trial is Outlook.ON_TRIAL else "running"
    elif waiting and status.next == slot.slot:
        yield "on trial at the next restart"
    else:
        yield "good" if slot.good else "cannot be started"
    if status.next == slot.slot and not slot.running and not waiting:
        yield "next"
