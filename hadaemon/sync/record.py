"""The record of a generation: what it is, who made it, when and how."""

import json
from dataclasses import dataclass
from enum import StrEnum

from hadaemon.sync.errors import SyncError
from hadaemon.sync.head import Head, head_from_json
from hadaemon.text.reading import read_json

_SCHEMA = 1


class How(StrEnum):
    """What made a generation."""

    PRESEED = "preseed"
    """Was there before the first change, as a preseed or a hand left it."""
    BY_HAND = "by hand"
    """Somebody changed the files themselves."""
    APPLY = "apply"
    SYNC = "sync"
    ROLLBACK = "rollback"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Record:
    """One generation of the history."""

    head: Head
    time: str
    """ISO 8601 in UTC, by the clock of the node that keeps it."""
    who: str
    node: str
    """The node on which `who` worked."""
    how: How
    note: str = ""

    @property
    def name(self) -> str:
        """The name of its folder: two different configurations never have the same one."""
        return f"{self.head.generation:010d}-{self.head.digest[:16]}"


def record_to_json(record: Record) -> str:
    """The text of its file."""
    return json.dumps(
        {
            "schema": _SCHEMA,
            **record.head.as_json(),
            "time": record.time,
            "who": record.who,
            "node": record.node,
            "how": record.how.value,
            "note": record.note,
        },
        indent=1,
    )


def record_from_json(text: str, where: str) -> Record:
    """Raises SyncError when the file is damaged."""
    try:
        raw = read_json(text)
        head = head_from_json(raw, where)
        texts = [raw.get(key, "") for key in ("time", "who", "node", "note")]
        how = How(raw.get("how"))
    except (ValueError, AttributeError) as error:
        raise SyncError(f"{where}: damaged: {error}") from error
    if not all(isinstance(text, str) for text in texts):
        raise SyncError(f"{where}: damaged: a text is none")
    time, who, node, note = texts
    return Record(head, time, who, node, how, note)
