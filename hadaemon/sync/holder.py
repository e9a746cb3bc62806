"""One administrator at a time: who holds the lock of the pair, and since when."""

import json
from dataclasses import dataclass

from hadaemon.text.reading import read_json

_MAX = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is changing the configuration."""

    who: str
    """The user."""
    node: str
    """Where that user is logged in."""
    since: str
    """ISO 8601, by that node's clock."""
    doing: str
    """The command."""

    def __str__(self) -> str:
        return f"{self.who} on {self.node}, since {self.since}: {self.doing}"


def holder_to_json(holder: Holder) -> str:
    """One line."""
    return json.dumps({"who": holder.who, "node": holder.node, "since": holder.since, "doing": holder.doing})


def holder_from_json(raw: object) -> Holder:
    """Never fails: a lock is held even if the note about its holder cannot be read."""
    found = raw
    if isinstance(raw, str):
        try:
            found = read_json(raw)
        except ValueError:
            found = None
    values = found if isinstance(found, dict) else {}
    return Holder(*(_plain(values.get(key)) for key in ("who", "node", "since", "doing")))


def _plain(value: object) -> str:
    """Makes text of others, which is shown on a terminal, printable and short."""
    if not isinstance(value, str):
        return "unknown"
    return "".join(letter if letter.isprintable() else "?" for letter in value[:_MAX]) or "unknown"
