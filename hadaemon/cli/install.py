"""`hactl install-to-disk`: what runs from a stick, onto the disk of the box."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.person import asked
from hadaemon.errors import HadaemonError
from hadaemon.install.disk import Disk, describe, gigabytes
from hadaemon.install.progress import progress_line
from hadaemon.language.speech import _, told
from hadaemon.operations import install as installing
from hadaemon.setup.places import system_owners
from hadaemon.state.release import running_release
from hadaemon.text.columns import table
from hadaemon.text.safe import own

SCHEMA = 1
_SHOW = 0.5
"""Seconds between two lines of progress."""
_COLUMN = 10
"""Where the second one begins."""
_WIDTH = 76
"""Columns of such a line: blanks wipe the longer one before it, on any terminal."""


def add_install(install: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    install.add_argument("disk", nargs="?", metavar="DISK", help="its path or its name, e.g. /dev/sda or sda")
    install.add_argument("--yes", action="store_true", help="do not ask, for scripts: only with a DISK")
    install.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    if options.disk is None:
        if options.yes:
            raise CommandFailed(Exit.USAGE, _("--yes needs the DISK that is to be overwritten"))
        _list(options)
        return
    if options.json and not options.yes:
        raise CommandFailed(
            Exit.USAGE, _("--json is for programs, which cannot be asked: say --yes if you are sure")
        )
    if os.geteuid() != 0:
        raise CommandFailed(Exit.NO_PERMISSION, _("be root (`sudo hactl install-to-disk DISK`)"))
    _install(options)


def _list(options: argparse.Namespace) -> None:
    found = installing.find_candidates(installing.InstallPlaces())
    if options.json:
        disks = [_disk(disk) | {"refusal": reason} for disk, reason in found]
        print(json.dumps({"schema": SCHEMA, "disks": disks}, indent=2))
        return
    print("\n".join(_lines(found)))


def _lines(found: tuple[tuple[Disk, str], ...]) -> Iterator[str]:
    """A row a disk."""
    yield from table(
        (_("disk"), _("size"), _("bus"), _("model"), _("can be taken")),
        [
            (
                disk.path,
                gigabytes(disk.size),
                disk.bus,
                told(disk.model),
                _("no: {reason}").format(reason=told(reason)) if reason else _("yes"),
            )
            for disk, reason in found
        ],
    )
    if any(not reason for _, reason in found):
        yield _("`sudo hactl install-to-disk DISK` shows what is on it, and asks")
    else:
        yield _("there is no disk on which this system can be installed")


def _disk(disk: Disk) -> dict[str, object]:
    return {
        "path": disk.path,
        "model": disk.model,
        "serial": disk.serial,
        "bus": disk.bus,
        "size": disk.size,
        "partitions": [
            {"path": part.path, "size": part.size, "content": part.content} for part in disk.parts
        ],
    }


def _install(options: argparse.Namespace) -> None:
    places = installing.InstallPlaces(state_owner=system_owners().state)
    source = installing.find_source(places)
    disk = installing.find_target(options.disk, source, places)
    version = running_release().version or _("an unknown version")
    print("\n".join(_question(disk, version, source.running.slot)), file=sys.stderr)
    if not options.yes:
        _ask(disk)
    bar = ProgressLine()
    try:
        installing.install_alone(source, disk, places, bar.show)
    except KeyboardInterrupt:
        bar.close()
        raise CommandFailed(
            Exit.INTERRUPTED, _("interrupted: {left}").format(left=_left(disk, bar))
        ) from None
    except (HadaemonError, OSError) as error:
        bar.close()
        raise CommandFailed(Exit.REFUSED, f"{told(str(error))}\n{_left(disk, bar)}") from error
    bar.close()
    if options.json:
        done = {"schema": SCHEMA, "disk": disk.path, "version": version, "slot": "A"}
        print(json.dumps(done, indent=2))
        return
    said = _("Hotspare {version} is on {path}, and verified; it is not configured")
    print(said.format(version=version, path=disk.path))
    print(_("power off (`sudo systemctl poweroff`), pull the stick out, and start the box"))


def _left(disk: Disk, bar: "ProgressLine") -> str:
    """What state a disk is in that could not be installed on."""
    if not bar.begun:
        return _("nothing was written")
    return _("{path} is half-written and does not boot: install again").format(path=disk.path)


def _question(disk: Disk, version: str, slot: str) -> Iterator[str]:
    yield from (_in_language(line) for line in describe(disk))
    gets = _("Hotspare {version}, from slot {slot}, not configured:").format(version=version, slot=slot)
    yield f"{_('gets'):{_COLUMN}}{gets}"
    yield f"{'':{_COLUMN}}{_('configuration, keys and passwords of this system are not copied')}"


def _in_language(line: str) -> str:
    """A line of `describe`: a word, and what it is."""
    word, text = line[:_COLUMN].strip(), line[_COLUMN:]
    return f"{_(word) if word else '':{_COLUMN}}{told(text)}"


def _ask(disk: Disk) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(Exit.REFUSED, _("nobody is here to be asked: say --yes if you are sure"))
    try:
        answer = asked(_("All of it will be lost. Type {path} to go on: ").format(path=disk.path))
    except EOFError:
        answer = ""
    except KeyboardInterrupt:
        raise CommandFailed(Exit.INTERRUPTED, _("nothing was written")) from None
    if answer.strip() != disk.path:
        raise CommandFailed(Exit.REFUSED, _("nothing was written"))


class ProgressLine:
    """Progress on standard error: one line of a terminal, or a line for each step when it is done."""

    def __init__(self) -> None:
        self._out = own(sys.stderr)
        self._step = self._line = ""
        self._since = self._shown = 0.0
        self.begun = False
        """Something was written."""

    def show(self, step: str, done: int, total: int) -> None:
        """How far it is, in bytes."""
        now = time.monotonic()
        self.begun = True
        if step != self._step:
            self.close()
            self._step, self._since = step, now
        self._line = progress_line(_(step), done, total, now - self._since, _("left"))
        if self._out.isatty() and now - self._shown >= _SHOW:
            self._shown = now
            print(f"\r{self._line:<{_WIDTH}}", end="", file=self._out, flush=True)

    def close(self) -> None:
        """Ends the line."""
        if self._line:
            line = f"\r{self._line:<{_WIDTH}}" if self._out.isatty() else self._line
            print(line, file=self._out, flush=True)
        self._step = self._line = ""
