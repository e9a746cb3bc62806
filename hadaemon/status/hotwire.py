"""The hotwire, as `hactl status` tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from hadaemon.status.report import Report, Vitals


class HotwireState(StrEnum):
    """In one word."""

    NOT_PAIRED = "not-paired"
    UP = "up"
    DOWN = "down"
    """No network card, no carrier, or it cannot be used."""
    SILENT = "silent"
    """There is a carrier, and the other node is not heard."""


@dataclass(frozen=True, slots=True)
class UnpairedHotwire:
    """One without a secret: nothing passes."""

    port: str
    state: Literal[HotwireState.NOT_PAIRED] = HotwireState.NOT_PAIRED


@dataclass(frozen=True, slots=True)
class PairedHotwire:
    """One that is at work. Ages are seconds; None: never."""

    state: HotwireState
    port: str
    interface: str | None
    """None: no network card has the port's MAC address."""
    address: str
    """Own address, with prefix length."""
    peer_address: str | None
    """None: not known yet."""
    last_heard: float | None
    """Seconds since the last heartbeat of the other node."""
    connected: bool
    """There is a connection to its daemon."""
    encrypted: bool
    """What is sent and has no keys of its own is."""
    sent: int
    """Heartbeats sent since the start."""
    received: int
    """Heartbeats received since the start."""
    drops: Mapping[str, int]
    """Dropped messages by reason; only reasons that occurred."""
    last_word: str
    """How the other node ended; empty: it has not said goodbye."""
    own: Vitals
    """What the other node is told of this one."""
    peer: Report | None
    """The other node by its own words, the last ones; None: never heard."""


Hotwire: TypeAlias = UnpairedHotwire | PairedHotwire
