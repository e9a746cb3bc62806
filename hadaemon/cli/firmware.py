"""`hactl firmware`: an update into the other slot of this node, and the way back."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.firmware_places import add_firmware_places, firmware_of
from hadaemon.language.speech import _, marked, told
from hadaemon.operations.firmware_sync import Fetched
from hadaemon.operations.update import (
    Taken,
    give_to_peer,
    install_update,
    keep_running_firmware,
    roll_back_firmware,
    take_from_peer,
    take_staged,
)
from hadaemon.text.safe import own, safe

_WIDTH = 40
"""Characters of the progress bar."""
_PIPE = Path("/usr/libexec/hotspare/firmware-pipe")
_RESTART = marked(
    "restart the node to try it (`sudo systemctl reboot`); `hactl firmware rollback` calls it off"
)


def add_install(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    source = command.add_argument("source", metavar="FILE|URL", help="a signed update bundle (.raucb)")
    offers(source, Offer.FILES)
    command.add_argument(
        "--allow-downgrade", action="store_true", help="even if it is not newer than what runs"
    )
    add_firmware_places(command)
    command.set_defaults(run=_install)


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


def _install(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        done = install_update(
            firmware_of(options), options.socket, options.source, options.allow_downgrade, bar.show
        )
    verified = _("firmware {version} is in slot {slot}, and verified")
    print(verified.format(version=done.version, slot=done.slot))
    print(_(_RESTART))


def _sync(options: argparse.Namespace) -> None:
    firmware = firmware_of(options)
    if not options.from_peer:
        print(told(give_to_peer(firmware, lambda line: print(told(line), flush=True))))
        return
    with ProgressBar() as bar:
        if options.staged:
            lines = _staged_lines(take_staged(firmware, options.pipe, bar.show))
        else:
            lines = _taken_lines(take_from_peer(firmware, options.socket, options.pipe, bar.show))
    print("\n".join(lines))


def _staged_lines(done: Fetched) -> Iterator[str]:
    yield _("{done} of {all} of {version} came over the hotwire").format(
        done=_mb(done.travelled), all=_mb(done.size), version=done.version
    )


def _taken_lines(taken: Taken) -> Iterator[str]:
    done = taken.fetched
    if done is None:
        yield _("nothing to do: both nodes run {version}").format(version=taken.offer.version)
        return
    yield _("{done} of {all} came over the hotwire").format(done=_mb(done.travelled), all=_mb(done.size))
    yield _("firmware {version} of {node} is in slot {slot}, and verified").format(
        version=done.version, node=taken.offer.node, slot=taken.slot
    )
    yield _(_RESTART)


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _keep(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        bundle = firmware_of(options).keep(options.file, bar.show)
    kept = _("the bundle of {version} is kept: `hactl firmware sync --from-peer` on the peer takes it")
    print(kept.format(version=bundle.version))


def _rollback(options: argparse.Namespace) -> None:
    version = roll_back_firmware(firmware_of(options))
    takes = _("the next restart takes {version} (`sudo systemctl reboot`)")
    print(takes.format(version=version or _("the other slot")))


def _mark_good(options: argparse.Namespace) -> None:
    keep_running_firmware(firmware_of(options))
    print(_("the running slot is good, and is kept"))


class ProgressBar:
    """Progress on standard error: a bar for a terminal, a line for each step otherwise."""

    def __init__(self) -> None:
        self._out = own(sys.stderr)
        self._doing = ""
        self._last = -1

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, doing: str, percent: int) -> None:
        """What is being done, and how far it is."""
        doing = safe(doing)
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
