"""What happens to a node. All times are monotonic seconds and travel beside the event, never in it."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeAlias

from hadaemon.cluster.actions import Action
from hadaemon.vrrp.model import Advertisement, DiscardReason


@dataclass(frozen=True, slots=True)
class Start:
    """The daemon is ready: sockets are open, and PortChanged told of every port that is there.

    Nothing is ordered before it.
    """

    active: bool = False
    """This process was active up to now and heard nobody better (a reload): go on without a pause."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The node leaves on purpose: release everything now. `reason` is a plain phrase, e.g. "shutdown"."""

    reason: str


@dataclass(frozen=True, slots=True)
class PortChanged:
    """The whole present truth about one port (level-triggered; repeating it does no harm)."""

    port: str
    present: bool
    """An interface with the port's MAC address exists."""
    carrier: bool
    address: IPv4Address | None
    """Primary address: the source of what we send on this port; None: nothing can be sent."""


@dataclass(frozen=True, slots=True)
class AdvertisementReceived:
    """A well-formed advertisement came in (decode accepted it)."""

    port: str
    source: IPv4Address
    advertisement: Advertisement


@dataclass(frozen=True, slots=True)
class AdvertisementDiscarded:
    """decode refused a packet: it is only counted."""

    port: str
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class Tick:
    """`Node.next_deadline` has come. Too early or too often does no harm."""


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An action had no effect. Addresses are tried again with a growing delay."""

    action: Action
    message: str


Event: TypeAlias = (
    Start | Stop | PortChanged | AdvertisementReceived | AdvertisementDiscarded | Tick | ActionFailed
)
