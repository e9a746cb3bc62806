"""[conntrack] of cluster.toml."""

from hadaemon.config import values
from hadaemon.config.conntrack_model import EVERYTHING, PROTOCOLS, Conntrack
from hadaemon.config.reader import Table
from hadaemon.vrrp.model import IPNetwork

_NONE_AT_ALL = "for none at all write enabled = false"


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
    table.close()
    if enabled is None or protocols is None or ignore is None or len(table.mistakes.found) > before:
        return None
    told = tuple(each for each in PROTOCOLS if each in protocols) or PROTOCOLS
    return Conntrack(enabled, told, tuple(dict.fromkeys(ignore)))


def _protocol(text: str) -> str:
    if text not in PROTOCOLS:
        raise values.not_known(text, PROTOCOLS)
    return text


def _ignored(text: str) -> IPNetwork:
    found = values.network(text)
    if found.prefixlen == 0:
        raise ValueError(f"{found} is every connection of its family: {_NONE_AT_ALL}")
    return found
