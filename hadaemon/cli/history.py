"""`hactl history`: every change of the state of the node. It reads the files itself, and needs no daemon."""

import argparse
import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from hadaemon.cli.places import STATE
from hadaemon.io.store.history import Entry, History
from hadaemon.language.speech import _, told
from hadaemon.state.places import own_folder
from hadaemon.text.columns import duration, table
from hadaemon.text.times import local_time

SCHEMA = 1
_DEFAULT_LAST = 20


def add_history(history: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    history.add_argument(
        "--last", type=_count, default=_DEFAULT_LAST, metavar="N", help="how many (%(default)s); 0: all"
    )
    history.add_argument("--folder", type=Path, default=own_folder(STATE), help=argparse.SUPPRESS)
    history.set_defaults(run=_history)


def _history(options: argparse.Namespace) -> None:
    entries = read_history(options.folder, options.last)
    print(history_json(entries) if options.json else history_text(entries))


def read_history(folder: Path, last: int) -> list[Entry]:
    """The newest `last` entries, oldest first; 0: all."""
    return History(folder).read()[-last:]


def history_json(entries: Sequence[Entry]) -> str:
    """One object for programs."""
    return json.dumps(
        {"schema": SCHEMA, "changes": [dataclasses.asdict(entry) for entry in entries]}, indent=2
    )


def history_text(entries: Sequence[Entry]) -> str:
    """A table for people, the newest change last."""
    if not entries:
        return _("no change of state so far")
    header = (_("time"), _("change"), _("after"), _("reason"))
    return "\n".join(table(header, list(_rows(entries))))


def _rows(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str, str]]:
    for entry in entries:
        time = local_time(entry.time)
        if entry.before == entry.after:
            yield time, _(entry.after), "", told(entry.reason)
            continue
        lasted = _("unknown") if entry.seconds is None else duration(entry.seconds)
        yield time, f"{_(entry.before)} -> {_(entry.after)}", lasted, told(entry.reason)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            _("{text} is not a number: 0 or more is wanted").format(text=repr(text))
        )
    return int(text)
