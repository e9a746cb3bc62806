"""[conntrack] of cluster.toml."""

import re

from hadaemon.config import values
from hadaemon.config.conntrack_model import (
    EVERYTHING,
    HELPERS,
    LEAST_CONNECTIONS,
    MAX_CONNECTIONS,
    MOST_CONNECTIONS,
    PROTOCOLS,
    Conntrack,
    Helper,
)
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPNetwork

_NONE_AT_ALL = "for none at all write enabled = false"
_PORT = re.compile(r"[0-9]{1,5}\Z", re.ASCII)
_PORTS = range(1, 1 << 16)


def read_conntrack(table: Table | None) -> Conntrack | None:
    """None when a mistake was noted."""
    if table is None:
        return EVERYTHING
    before = len(table.mistakes.found)
    enabled = table.flag("enabled", True)
    protocols = table.texts("protocols", _protocol, '["tcp", "udp"]')
    ignore = table.texts("ignore", _ignored, '["192.168.12.0/24"]')
    if table.has("protocols") and protocols == ():
        table.note("protocols", f"must not be empty: {_NONE_AT_ALL}")
    helpers = table.texts("helpers", helper, '["ftp", "ftp/2121"]')
    most = table.number("max_connections", LEAST_CONNECTIONS, MOST_CONNECTIONS, MAX_CONNECTIONS)
    if helpers is not None:
        _note_twice(table, helpers)
    table.close()
    if enabled is None or protocols is None or ignore is None or helpers is None or most is None:
        return None
    if len(table.mistakes.found) > before:
        return None
    told = tuple(each for each in PROTOCOLS if each in protocols) or PROTOCOLS
    return Conntrack(enabled, told, tuple(dict.fromkeys(ignore)), helpers, most)


def _note_twice(table: Table, helpers: tuple[Helper, ...]) -> None:
    """A connection has one helper."""
    first: dict[tuple[str, int], int] = {}
    for position, each in enumerate(helpers):
        taken = [first[place] for place in each.ports if place in first]
        if taken:
            table.mistakes.add(
                f"{table.at('helpers')}[{position}]",
                f"{each} has the port of helpers[{taken[0]}]: remove one",
            )
        first |= {place: position for place in each.ports if place not in first}


def helper(text: str) -> Helper:
    """A name, or name/port. Raises ValueError."""
    name, slash, port = text.partition("/")
    if name not in HELPERS:
        raise values.not_known(name, HELPERS)
    if not slash:
        return Helper(name)
    standard = {number for _, number in HELPERS[name].listens.values()}
    if len(standard) > 1:
        raise ValueError(f'{name} has ports of its own for each of its protocols: write "{name}"')
    if not _PORT.match(port) or int(port) not in _PORTS:
        raise ValueError(f'{values.shown(text)} has no port from 1 to 65535: write e.g. "{name}/2121"')
    return Helper(name, None if standard == {int(port)} else int(port))


def _protocol(text: str) -> str:
    if text not in PROTOCOLS:
        raise values.not_known(text, PROTOCOLS)
    return text


def _ignored(text: str) -> IPNetwork:
    found = values.network(text)
    if found.prefixlen == 0:
        raise ValueError(f"{found} is every connection of its family: {_NONE_AT_ALL}")
    return found
