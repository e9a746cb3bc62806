"""`hactl firmware`: the two slots of this node, an update into the other one, and the way back."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.places import add_places
from hadaemon.cli.upgrade_lines import upgrade_lines
from hadaemon.io.firmware.rauc import Rauc
from hadaemon.operations.firmware import OwnFirmware, Places
from hadaemon.operations.firmware_sync import Fetched
from hadaemon.operations.update import (
    Taken,
    firmware_status,
    give_to_peer,
    install_update,
    keep_running_firmware,
    roll_back_firmware,
    take_from_peer,
    take_staged,
)

SCHEMA = 1
_WIDTH = 40
"""Characters of the progress bar."""
_PIPE = Path("/usr/libexec/hotspare/firmware-pipe")
_RESTART = "restart the node to try it (`sudo systemctl reboot`); `hactl firmware rollback` calls it off"


def add_install(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    source = command.add_argument("source", metavar="FILE|URL", help="a signed update bundle (.raucb)")
    offers(source, Offer.FILES)
    command.add_argument(
        "--allow-downgrade", action="store_true", help="even if it is not newer than what runs"
    )
    add_firmware_places(command)
    command.set_defaults(run=_install)


def add_status(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_firmware_places(command)
    command.set_defaults(run=_status)


def add_sync(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument(
        "--from-peer", action="store_true", help="the other way: the peer's firmware becomes this node's"
    )
    command.add_argument("--staged", action="store_true", help=argparse.SUPPRESS)
    command.add_argument("--pipe", type=Path, default=_PIPE, help=argparse.SUPPRESS)
    add_firmware_places(command)
    command.set_defaults(run=_sync)


def add_keep(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    file = command.add_argument("file", metavar="FILE", help="a signed update bundle (.raucb)")
    offers(file, Offer.FILES)
    add_firmware_places(command)
    command.set_defaults(run=_keep)


def add_rollback(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_firmware_places(command)
    command.set_defaults(run=_rollback)


def add_mark_good(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_firmware_places(command)
    command.set_defaults(run=_mark_good)


def add_firmware_places(command: argparse.ArgumentParser) -> None:
    """Where things are; only tests have reason to say so."""
    add_places(command)
    command.add_argument("--bundles", type=Path, default=Path("/data/firmware"), help=argparse.SUPPRESS)
    command.add_argument("--rauc", default="/usr/bin/rauc", help=argparse.SUPPRESS)


def firmware_of(options: argparse.Namespace) -> OwnFirmware:
    """That of this node."""
    return OwnFirmware(Places(options.state, options.bundles, options.run_folder), Rauc((options.rauc,)))


def _install(options: argparse.Namespace) -> None:
    with Bar() as bar:
        done = install_update(
            firmware_of(options), options.socket, options.source, options.allow_downgrade, bar.show
        )
    print(f"firmware {done.version} is in slot {done.slot}, and verified")
    print(_RESTART)


def _sync(options: argparse.Namespace) -> None:
    firmware = firmware_of(options)
    if not options.from_peer:
        print(give_to_peer(firmware, lambda line: print(line, flush=True)))
        return
    with Bar() as bar:
        if options.staged:
            lines = _staged_lines(take_staged(firmware, options.pipe, bar.show))
        else:
            lines = _taken_lines(take_from_peer(firmware, options.socket, options.pipe, bar.show))
    print("\n".join(lines))


def _staged_lines(done: Fetched) -> Iterator[str]:
    yield f"{_mb(done.travelled)} of {_mb(done.size)} of {done.version} came over the hotwire"


def _taken_lines(taken: Taken) -> Iterator[str]:
    done = taken.fetched
    if done is None:
        yield f"nothing to do: both nodes run {taken.offer.version}"
        return
    yield f"{_mb(done.travelled)} of {_mb(done.size)} came over the hotwire"
    yield f"firmware {done.version} of {taken.offer.node} is in slot {taken.slot}, and verified"
    yield _RESTART


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _keep(options: argparse.Namespace) -> None:
    with Bar() as bar:
        bundle = firmware_of(options).keep(options.file, bar.show)
    print(f"the bundle of {bundle.version} is kept: `hactl firmware sync --from-peer` on the peer takes it")


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


def _rollback(options: argparse.Namespace) -> None:
    version = roll_back_firmware(firmware_of(options))
    print(f"the next restart takes {version or 'the other slot'} (`sudo systemctl reboot`)")


def _mark_good(options: argparse.Namespace) -> None:
    keep_running_firmware(firmware_of(options))
    print("the running slot is good, and is kept")


class Bar:
    """Progress on standard error: a bar for a terminal, a line for each step otherwise."""

    def __init__(self) -> None:
        self._out = sys.stderr
        self._doing = ""
        self._last = -1

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, doing: str, percent: int) -> None:
        """What is being done, and how far it is."""
        if doing != self._doing:
            self.close()
            self._doing, self._last = doing, -1
            if not self._out.isatty():
                print(doing, file=self._out, flush=True)
        if percent != self._last and self._out.isatty():
            done = _WIDTH * percent // 100
            self._out.write(f"\r{doing:<10} [{'#' * done:<{_WIDTH}}] {percent:3} %")
            self._out.flush()
        self._last = percent

    def close(self) -> None:
        """Ends the line."""
        if self._doing and self._out.isatty():
            self._out.write("\n")
        self._doing = ""
