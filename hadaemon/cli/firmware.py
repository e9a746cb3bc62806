"""`hactl firmware`: the two slots of this node, an update into the other one, and the way back."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hadaemon.cli import upgrade as pair
from hadaemon.cli.asking import CommandFailed, ask_status
from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.config_changes import add_places, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hadaemon.operations.firmware import OwnFirmware
    from hadaemon.status.parts import UpgradeStatus
    from hadaemon.upgrade.slots import Slot

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

SCHEMA = 1
_WIDTH = 40
"""Characters of the progress bar."""
_INSTALL = (
    "Writes a signed update bundle into the other slot. The next restart of the node takes it on trial: it "
    "is kept when the node proves to be well, else the node goes back by itself."
)
_SYNC = (
    "The node that is to run what the other one runs fetches its bundle over the hotwire, only what differs "
    "from its own, and installs it into the other slot, be it older. Its next restart takes it on trial."
)
_KEEP = (
    "For a node that was updated from an URL, or flashed without its bundle. The file must be the bundle of "
    "exactly what runs."
)
_PIPE = "/usr/libexec/hotspare/firmware-pipe"


def add_firmware(commands: "Commands") -> None:
    """Adds the commands."""
    firmware = commands.add_parser("firmware", help="update the firmware of this node, and go back")
    parts = firmware.add_subparsers(required=True, metavar="COMMAND")
    install = _command(parts, "install", _run_install, "write an update into the other slot", _INSTALL)
    source = install.add_argument("source", metavar="FILE|URL", help="a signed update bundle (.raucb)")
    offers(source, Offer.FILES)
    install.add_argument(
        "--allow-downgrade", action="store_true", help="even if it is not newer than what runs"
    )
    upgrade = _command(parts, "upgrade", _run_upgrade, pair.SUMMARY, pair.TEXT)
    pair.add_options(upgrade)
    status = _command(parts, "status", _run_status, "both slots, and which one is next")
    status.add_argument("--json", action="store_true", help="the same for programs")
    sync = _command(parts, "sync", _run_sync, "make both nodes' firmware the same: this node's", _SYNC)
    sync.add_argument(
        "--from-peer", action="store_true", help="the other way: the peer's firmware becomes this node's"
    )
    sync.add_argument("--staged", action="store_true", help=argparse.SUPPRESS)
    sync.add_argument("--pipe", type=_path, default=_path(_PIPE), help=argparse.SUPPRESS)
    keep = _command(parts, "keep", _run_keep, "keep the bundle of what runs, for the peer", _KEEP)
    offers(keep.add_argument("file", metavar="FILE", help="a signed update bundle (.raucb)"), Offer.FILES)
    _command(parts, "rollback", _run_rollback, "start the other slot at the next restart")
    _command(parts, "mark-good", _run_mark_good, "keep what runs, whatever the check of health says")


def _command(
    parts: "Commands", name: str, run: "Callable[[argparse.Namespace], None]", summary: str, text: str = ""
) -> argparse.ArgumentParser:
    command = parts.add_parser(name, help=summary, description=text or summary)
    command.set_defaults(run=told(run))
    add_places(command)
    command.add_argument("--bundles", type=_path, default=_path("/data/firmware"), help=argparse.SUPPRESS)
    command.add_argument("--rauc", default="/usr/bin/rauc", help=argparse.SUPPRESS)
    return command


def _path(text: str) -> "Path":
    from pathlib import Path

    return Path(text)


def _own(options: argparse.Namespace) -> "OwnFirmware":
    from hadaemon.io.firmware.rauc import Rauc
    from hadaemon.operations.firmware import OwnFirmware, Places

    return OwnFirmware(Places(options.state, options.bundles, options.run_folder), Rauc((options.rauc,)))


def _alone(options: argparse.Namespace) -> "OwnFirmware":
    """For a command that changes this node by itself: not while the pair is being upgraded."""
    from hadaemon.io.store.plan_file import PlanFile
    from hadaemon.state.places import own_folder
    from hadaemon.upgrade.errors import UpgradeError
    from hadaemon.upgrade.plan import under_way

    plan = PlanFile(own_folder(options.state)).load()
    if under_way(plan):
        raise UpgradeError(
            "an upgrade of the pair is under way: wait for its end, or call it off "
            "(`hactl firmware upgrade --call-off`)"
        )
    return _own(options)


def _run_upgrade(options: argparse.Namespace) -> None:
    bar = Bar()
    try:
        pair.run(options, _own(options), bar.show)
    finally:
        bar.close()


def _run_install(options: argparse.Namespace) -> None:
    from hadaemon.upgrade.slots import other_slot

    firmware = _alone(options)
    bar = Bar()
    try:
        bundle = firmware.install(options.source, options.allow_downgrade, _failing(options), bar.show)
    finally:
        bar.close()
    print(f"firmware {bundle.version} is in slot {other_slot(firmware.release.slot)}, and verified")
    print("restart the node to try it (`sudo systemctl reboot`); `hactl firmware rollback` calls it off")


def _run_sync(options: argparse.Namespace) -> None:
    if options.from_peer:
        _fetch(options)
        return
    from hadaemon.operations.firmware_sync import have_peer_pull
    from hadaemon.operations.peer import peer_of

    with peer_of(options.state, pair.PEER_TIMEOUT) as peer:
        print(have_peer_pull(_alone(options), peer, lambda line: print(line, flush=True)))


def _fetch(options: argparse.Namespace) -> None:
    from hadaemon.operations.firmware_sync import fetch_and_install
    from hadaemon.operations.peer import peer_of
    from hadaemon.upgrade.offer import same
    from hadaemon.upgrade.slots import other_slot

    firmware = _alone(options)
    if options.staged:
        _fetch_staged(options, firmware)
        return
    with peer_of(options.state, pair.PEER_TIMEOUT) as peer:
        offer = peer.offered_firmware()
    if same(firmware.offer("")[0], offer):
        print(f"nothing to do: both nodes run {offer.version}")
        return
    bar = Bar()
    try:
        done = fetch_and_install(firmware, offer, options.pipe, _failing(options), bar.show)
    finally:
        bar.close()
    print(f"{_mb(done.travelled)} of {_mb(done.size)} came over the hotwire")
    slot = other_slot(firmware.release.slot)
    print(f"firmware {done.version} of {offer.node} is in slot {slot}, and verified")
    print("restart the node to try it (`sudo systemctl reboot`); `hactl firmware rollback` calls it off")


def _fetch_staged(options: argparse.Namespace, firmware: "OwnFirmware") -> None:
    from hadaemon.operations.firmware_sync import fetch_staged
    from hadaemon.operations.peer import peer_of

    bar = Bar()
    try:
        with peer_of(options.state, pair.PEER_TIMEOUT) as peer:
            done = fetch_staged(firmware, peer, options.pipe, bar.show)
    finally:
        bar.close()
    print(f"{_mb(done.travelled)} of {_mb(done.size)} of {done.version} came over the hotwire")


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _run_keep(options: argparse.Namespace) -> None:
    bar = Bar()
    try:
        bundle = _own(options).keep(options.file, bar.show)
    finally:
        bar.close()
    print(f"the bundle of {bundle.version} is kept: `hactl firmware sync --from-peer` on the peer takes it")


def _failing(options: argparse.Namespace) -> tuple[str, ...]:
    """The checks of health that the firmware that runs does not pass either. Without an answer: none."""
    from hadaemon.io.programs.services import failed_units

    try:
        failing = tuple(ask_status(options.socket).told.firmware.failing)
    except CommandFailed:
        failing = ()
    return (*failing, "units") if failed_units() else failing


def _run_status(options: argparse.Namespace) -> None:
    from hadaemon.cli.upgrade_lines import upgrade_lines
    from hadaemon.control.codec import encode

    firmware = _own(options)
    slots, outlook = firmware.slots(), firmware.outlook()
    found = {
        "schema": SCHEMA,
        "compatible": slots.compatible,
        "next": slots.next,
        "trial": outlook,
        "slots": [
            _slot(firmware, slot, slot.name == slots.running.name) for slot in (slots.running, slots.other)
        ],
    }
    upgrade = _upgrade(options)
    if options.json:
        print(json.dumps(found | {"upgrade": encode(upgrade)}, indent=2))
    else:
        print("\n".join((*status_lines(found), *upgrade_lines(upgrade))))


def _upgrade(options: argparse.Namespace) -> "UpgradeStatus | None":
    """Of the pair, as the daemon tells it; without a daemon: nothing."""
    try:
        return ask_status(options.socket).told.upgrade
    except CommandFailed:
        return None


def _slot(firmware: "OwnFirmware", slot: "Slot", running: bool) -> dict[str, Any]:
    version = (firmware.release.version or "") if running else slot.version
    return {
        "slot": slot.name,
        "version": version,
        "running": running,
        "good": slot.good,
        "bundle": firmware.kept_bundle(slot.name) is not None,
    }


def status_lines(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for slot in sorted(found["slots"], key=lambda slot: str(slot["slot"])):
        version = slot["version"] or "as it was flashed"
        yield f"slot {slot['slot']}: {version}: {', '.join(_words(found, slot))}"
    running = next(slot for slot in found["slots"] if slot["running"])
    if not running["bundle"]:
        what = running["version"] or "what runs"
        yield f"the bundle of {what} is not on this node: `hactl firmware keep FILE`"


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


def _run_rollback(options: argparse.Namespace) -> None:
    version = _alone(options).rollback()
    print(f"the next restart takes {version or 'the other slot'} (`sudo systemctl reboot`)")


def _run_mark_good(options: argparse.Namespace) -> None:
    _alone(options).mark_good()
    print("the running slot is good, and is kept")


class Bar:
    """Progress on standard error: a bar for a terminal, a line for each step otherwise."""

    def __init__(self) -> None:
        self._out = sys.stderr
        self._doing = ""
        self._last = -1

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
