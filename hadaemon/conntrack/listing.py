"""Connections of one kernel in their order, and those of both nodes side by side. Pure.

A table has hundreds of thousands: of them no more are held than are shown. Both nodes show the first ones of
the same order, so that what is among the first of both together is among the first of the node that has it.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hadaemon.commands.selection import Selection
from hadaemon.config.conntrack_model import Conntrack
from hadaemon.conntrack.connection import Connection, is_selected
from hadaemon.vrrp.model import IPAddress

MOST = 1000
"""So many can be shown, and fit into one answer of the other node."""


class Where(StrEnum):
    """Which node has it."""

    BOTH = "both"
    HERE = "here"
    THERE = "there"
    OWN = "own"
    """Here: it begins or ends at this node, and is never told to the other one."""
    THEIR_OWN = "their-own"


@dataclass(frozen=True, slots=True)
class Listed:
    """A connection, and who has it."""

    connection: Connection
    where: Where


@dataclass(frozen=True, slots=True)
class Listing:
    """The first ones, and how many there are."""

    count: int
    first: tuple[Listed, ...]


def listing(
    connections: Iterable[Connection],
    selection: Selection,
    own: Collection[IPAddress],
    settings: Conntrack,
    limit: int,
) -> Listing:
    """Of one kernel. `own`: the node's own addresses; `settings`: what is told."""
    count = 0

    def selected() -> Iterator[Connection]:
        nonlocal count
        for connection in connections:
            if is_selected(connection, selection):
                count += 1
                yield connection

    left = selected()
    first = heapq.nsmallest(limit, left, key=lambda connection: connection.key)
    for _ in left:
        pass  # They are counted, where none was to be shown.
    return Listing(
        count, tuple(Listed(each, Where.OWN if each.is_own(own, settings) else Where.HERE) for each in first)
    )


def side_by_side(here: Listing, there: Listing, limit: int) -> tuple[Listed, ...]:
    """The first of both: each listing has the first `limit` of its node."""
    theirs = {each.connection.key: each for each in there.first}
    found = {each.connection.key: each for each in here.first}
    merged: list[Listed] = []
    for key in sorted(found.keys() | theirs.keys())[:limit]:
        mine, other = found.get(key), theirs.get(key)
        if mine is None and other is not None:
            where = Where.THEIR_OWN if other.where is Where.OWN else Where.THERE
            merged.append(Listed(other.connection, where))
        elif mine is not None:
            merged.append(mine if other is None else Listed(mine.connection, Where.BOTH))
    return tuple(merged)
