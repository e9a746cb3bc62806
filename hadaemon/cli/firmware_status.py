"""`hactl firmware status`: both slots, and which one is next. Loads little: the peer may wait for it."""

import argparse
import json
from collections.abc import Iterator

from hadaemon.cli.firmware_places import add_firmware_places, firmware_of
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.control.codec import encode
from hadaemon.language.speech import _
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
        version = slot.version or _("as it was flashed")
        name = _("slot {slot}").format(slot=slot.slot)
        yield f"{name}: {version}: {', '.join(_words(status, slot))}"
    running = status.slots[0]
    if not running.bundle:
        what = running.version or _("what runs")
        lacking = _("the bundle of {version} is not on this node: `hactl firmware keep FILE`")
        yield lacking.format(version=what)


def _words(status: FirmwareStatus, slot: SlotStatus) -> Iterator[str]:
    waiting = status.trial is Outlook.WAITING
    if slot.running:
        yield _("running on trial") if status.trial is Outlook.ON_TRIAL else _("running")
    elif waiting and status.next == slot.slot:
        yield _("on trial at the next restart")
    else:
        yield _("good") if slot.good else _("cannot be started")
    if status.next == slot.slot and not slot.running and not waiting:
        yield _("next")
