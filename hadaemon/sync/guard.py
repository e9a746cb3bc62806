"""A change that goes back by itself unless somebody confirms it: what is remembered until then.

The deadline is on the clock that counts since the start of the machine. If the machine was started anew
since, the administrator who would have confirmed is gone: the change goes back at once.
"""

import json
from dataclasses import dataclass

from hadaemon.sync.errors import SyncError
from hadaemon.text.reading import read_json

MIN_SECONDS, MAX_SECONDS = 10, 24 * 3600


@dataclass(frozen=True, slots=True)
class Guard:
    """What to undo, and when."""

    boot_id: str
    deadline: float
    """Seconds since the start of the machine."""
    back_to: str
    """Folder of the generation that counted before; empty: there was none, because the node stood alone."""
    undo: str
    """Folder of the generation that waits to be confirmed."""
    both: bool = False
    """It waits on both nodes, and is confirmed or undone there together."""


def guard_to_json(guard: Guard) -> str:
    """The text of its file."""
    return json.dumps(
        {
            "boot_id": guard.boot_id,
            "deadline": guard.deadline,
            "back_to": guard.back_to,
            "undo": guard.undo,
            "both": guard.both,
        }
    )


def guard_from_json(text: str, where: str) -> Guard:
    """Raises SyncError when the file is damaged."""
    try:
        raw = read_json(text)
        guard = Guard(
            str(raw["boot_id"]),
            float(raw["deadline"]),
            str(raw["back_to"]),
            str(raw["undo"]),
            raw.get("both") is True,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise SyncError(f"{where}: damaged: {error}") from error
    if "/" in guard.back_to or "/" in guard.undo or guard.back_to.startswith("."):
        raise SyncError(f"{where}: damaged: a generation is not the name of a folder")
    return guard


def seconds_left(guard: Guard, boot_id: str, uptime: float) -> float:
    """Until it goes back; 0: now."""
    if guard.boot_id != boot_id:
        return 0.0
    return min(max(0.0, guard.deadline - uptime), MAX_SECONDS)
