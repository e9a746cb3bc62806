"""`hactl connections`: tracked connections one by one, and whether the other node has them too."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hadaemon.cli.parser import near
from hadaemon.cli.places import STATE
from hadaemon.commands.selection import WORDS, SelectionError, read_selection
from hadaemon.conntrack.connection import Connection, to_json
from hadaemon.conntrack.listing import MOST, Listed, Listing, Where, side_by_side
from hadaemon.language.speech import _, counted, marked, told
from hadaemon.text.columns import duration, table

if TYPE_CHECKING:
    from hadaemon.operations.connections import Answer

SCHEMA = 1
_LIMIT = 50
_WHERE = {
    Where.BOTH: marked("both nodes"),
    Where.HERE: marked("this node"),
    Where.THERE: marked("the other node"),
    Where.OWN: marked("this node's own"),
    Where.THEIR_OWN: marked("the other node's own"),
}


class Words(argparse.Action):
    """Takes the filter, whole: what a word means depends on the one before it."""

    def __call__(self, parser: argparse.ArgumentParser, options: Any, words: Any, *_: object) -> None:
        """Ends the program for words that select nothing."""
        try:
            read_selection(words)
        except SelectionError as error:
            parser.error(f"{error}{near(error.word, WORDS) if error.word else ''}")
        options.filter = words


def add_connections(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    command.add_argument(
        "filter",
        action=Words,
        nargs="*",
        metavar="FILTER",
        help="which: a protocol (tcp, udp, icmp and others), an address or a network, `port N`, a state "
        "(established, time_wait, unreplied, assured and others), nat",
    )
    command.add_argument("--here", action="store_true", help="this node alone")
    command.add_argument("--count", action="store_true", help="how many, and no list")
    command.add_argument(
        "--limit", type=_limit, default=_LIMIT, metavar="N", help=f"how many (%(default)s), up to {MOST}"
    )
    command.add_argument("--state", type=Path, default=STATE, help=argparse.SUPPRESS)
    command.set_defaults(run=_connections)


def _connections(options: argparse.Namespace) -> None:
    # Here and not above: a slip is told at once.
    from hadaemon.operations.connections import Answer, connections_here, connections_there

    limit = 0 if options.count else options.limit
    here = connections_here(options.state, options.filter, limit)
    asked = Answer(None) if options.here else connections_there(options.state, options.filter, limit)
    shown = here.first if asked.listing is None else side_by_side(here, asked.listing, limit)
    if options.json:
        print(json.dumps(_json(here, asked, shown), separators=(",", ":")))
        return
    print("\n".join(_lines(here, asked, shown)))


def _json(here: Listing, asked: "Answer", shown: Sequence[Listed]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "here": here.count,
        "there": asked.listing.count if asked.listing is not None else None,
        "not_asked": asked.why,
        "connections": [{**to_json(each.connection), "where": each.where} for each in shown],
    }


def _lines(here: Listing, asked: "Answer", shown: Sequence[Listed]) -> Iterator[str]:
    there = asked.listing
    if shown:
        header: tuple[str, ...] = (_("protocol"), _("state"), _("connection"), _("translated"), _("for"))
        rows = [_row(each.connection) for each in shown]
        if there is not None:
            header = (*header, _("on"))
            rows = [(*row, _(_WHERE[each.where])) for row, each in zip(rows, shown, strict=True)]
        yield from table(header, rows)
        left = max(here.count, there.count if there is not None else 0) - len(shown)
        if left > 0:
            yield counted("… and {count} more", "… and {count} more", left)
    if there is None:
        yield counted("{count} connection here", "{count} connections here", here.count)
    else:
        counts = _("{here} here, {there} on the other node").format(here=here.count, there=there.count)
        yield f"{_('connections')}: {counts}"
    if asked.why:
        yield _("the other node cannot be asked: {why}").format(why=told(asked.why))


def _row(connection: Connection) -> tuple[str, ...]:
    translated = []
    if connection.new_source is not None:
        translated.append(_("from {address}").format(address=connection.new_source))
    if connection.new_destination is not None:
        translated.append(_("to {address}").format(address=connection.new_destination))
    return (
        connection.protocol_name,
        _state(connection),
        f"{connection.source} → {connection.destination}",
        ", ".join(translated),
        duration(connection.timeout),
    )


def _state(connection: Connection) -> str:
    """The kernel's words, as the filter takes them."""
    if connection.state:
        return connection.state
    if not connection.replied:
        return "unreplied"
    return "assured" if connection.assured else ""


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 4 or not 0 <= int(text) <= MOST:
        wanted = _("{text}: a number up to {most} is wanted").format(text=text, most=MOST)
        raise argparse.ArgumentTypeError(wanted)
    return int(text)
