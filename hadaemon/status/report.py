"""A node by its own words, as the other one hears them over the hotwire."""

from dataclasses import dataclass, field

from hadaemon.status.flat import FLAT
from hadaemon.status.keys import Keys
from hadaemon.status.peer import Peer
from hadaemon.upgrade.firmware_report import UNKNOWN, FirmwareReport


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the administrator wants to see of the other node, and the election does not ask."""

    firmware: str = ""
    generation: int | None = None
    """Of the configuration; None: it has none yet."""
    configuration: str = ""
    """Hash of cluster.toml, hexadecimal."""
    connections: int | None = None
    """Entries of the connection tracking table; None: there is no such table."""
    load: float = 0.0
    """Processes that want to run, averaged over a minute."""
    model: str = ""
    """Of the box, as its maker calls it; empty: it does not say."""
    cards: int | None = None
    """Network cards; None: not told, by an older version."""
    since: int | None = None
    """Seconds in its state; None: not told, by an older version."""
    upgrade: FirmwareReport = UNKNOWN
    """Of the upgrade of the pair."""


@dataclass(frozen=True, slots=True)
class Report:
    """A node by its own words: the content of one heartbeat."""

    peer: Peer = field(metadata=FLAT)
    vitals: Vitals = field(default=Vitals(), metadata=FLAT)
    keys: Keys = field(default=Keys(), metadata=FLAT)
    """Of the hotwire."""
