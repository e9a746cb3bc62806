"""`hactl history`: every change of the state of the node. It reads the files itself, and needs no daemon."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from hadaemon.cli.render import duration, table
from hadaemon.io.history import Entry, History

SCHEMA = 1
DEFAULT_LAST = 20


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
        return "no change of state so far"
    return "\n".join(table(("time (UTC)", "change", "after", "reason"), list(_rows(entries))))


def _rows(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str, str]]:
    for entry in entries:
        time = entry.time.removesuffix("+00:00").replace("T", " ")
        if entry.before == entry.after:
            yield time, entry.after, "", entry.reason
            continue
        lasted = "unknown" if entry.seconds is None else duration(entry.seconds)
        yield time, f"{entry.before} -> {entry.after}", lasted, entry.reason
