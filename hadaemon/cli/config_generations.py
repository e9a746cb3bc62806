"""`hactl config history`, `diff`: the configurations that were, and what differs."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from hadaemon.cli.completion import Offer, offers
from hadaemon.cli.places import add_places, paths_of
from hadaemon.language.speech import _, marked
from hadaemon.operations.generations import (
    difference_since,
    difference_to_path,
    difference_to_peer,
    list_generations,
)
from hadaemon.sync.record import Record
from hadaemon.text.columns import table
from hadaemon.text.times import local_time

SCHEMA = 1
WORDS = (
    *(marked("apply"), marked("sync"), marked("rollback"), marked("by hand"), marked("preseed")),
    marked("restore"),
)
"""Values of the code that are shown by `_(value)`."""


def add_generations(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_places(command)
    command.set_defaults(run=_history)


def add_diff(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument("--peer", action="store_true", help="from this node's configuration to the peer's")
    other = command.add_argument("other", nargs="?", help="a file, a folder, or the number of a generation")
    offers(other, Offer.GENERATIONS_AND_FILES)
    add_places(command)
    command.set_defaults(run=_diff)


def _history(options: argparse.Namespace) -> None:
    kept = list_generations(paths_of(options))
    if options.json:
        found = [_as_json(record, record == kept.current) for record in kept.records]
        print(
            json.dumps({"schema": SCHEMA, "generations": found, "seconds_left": kept.seconds_left}, indent=2)
        )
        return
    if kept.records:
        header = ("", _("generation"), _("time"), _("how"), _("by"), _("digest"), _("note"))
        print("\n".join(table(header, [_row(record, record == kept.current) for record in kept.records])))
    else:
        print(_("no configuration was applied on this node so far"))
    if kept.seconds_left is not None:
        waits = _("the current one goes back in {seconds} s unless you run `hactl config confirm`")
        print(waits.format(seconds=f"{kept.seconds_left:.0f}"))


def _row(record: Record, is_current: bool) -> tuple[str, ...]:
    time = local_time(record.time)
    by = f"{record.who}@{record.node}" if record.who else "-"
    mark = "*" if is_current else ""
    return mark, str(record.head.generation), time, _(record.how), by, record.head.digest[:12], record.note


def _as_json(record: Record, is_current: bool) -> dict[str, object]:
    return {
        **record.head.as_json(),
        "time": record.time,
        "who": record.who,
        "node": record.node,
        "how": record.how,
        "note": record.note,
        "current": is_current,
    }


def _diff(options: argparse.Namespace) -> None:
    lines = _lines(options)
    if options.json:
        print(json.dumps({"schema": SCHEMA, "same": not lines, "lines": list(lines)}, indent=2))
    else:
        print("\n".join(lines) if lines else _("no difference"))


def _lines(options: argparse.Namespace) -> Sequence[str]:
    paths = paths_of(options)
    if options.peer:
        return difference_to_peer(paths)
    if options.other is None:
        return difference_since(paths, None)
    if options.other.isdecimal():
        return difference_since(paths, int(options.other))
    return difference_to_path(paths, Path(options.other))
