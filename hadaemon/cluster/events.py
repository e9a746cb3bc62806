"""What happens to a node. All times are monotonic seconds and travel beside the event, never in it."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from hadaemon.cluster.actions import Action
from hadaemon.cluster.memory import EMPTY, Memory
from hadaemon.status.peer import Peer
from hadaemon.vrrp.model import Advertisement, DiscardReason, IPAddress


@dataclass(frozen=True, slots=True)
class Start:
    """The daemon is ready: sockets are open, and PortChanged told of every port that is there.

    Nothing is ordered before it.
    """

    active: bool = False
    """This process was active up to now and heard nobody better (a reload): go on without a pause."""
    memory: Memory = EMPTY
    """What the last `Remember` asked to keep."""


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
    """Primary IPv4 address: the source of what we send on this port; None: no IPv4 can be sent."""
    address6: IPv6Address | None = None
    """The port's link-local address, the source of what we send over IPv6 (RFC 9568 §5.1.2.1)."""


@dataclass(frozen=True, slots=True)
class AdvertisementReceived:
    """A well-formed advertisement came in (decode accepted it)."""

    port: str
    source: IPAddress
    advertisement: Advertisement


@dataclass(frozen=True, slots=True)
class AdvertisementDiscarded:
    """decode refused a packet: it is only counted, and told."""

    port: str
    source: IPAddress
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """Something came in that no switch port lets through while it is blocked: anything but the link's own
    control protocols. It is asked for while `Node.unproven_ports` names the port."""

    port: str


@dataclass(frozen=True, slots=True)
class Tick:
    """`Node.next_deadline` has come. Too early or too often does no harm."""


@dataclass(frozen=True, slots=True)
class GuardActed:
    """This node stood still while it had virtual addresses (`Node.silent_at`): its guard took them away."""


@dataclass(frozen=True, slots=True)
class ActionFailed:
    """An action had no effect. Addresses are tried again with a growing delay."""

    action: Action
    message: str


@dataclass(frozen=True, slots=True)
class SwitchRequested:
    """`hactl switch`: the other node shall be active; on a backup: this one. First ask `refusal`."""

    forced: bool = False
    """Also if it is not known whether the peer is ready."""


@dataclass(frozen=True, slots=True)
class MaintenanceRequested:
    """`hactl maintenance`. An active node hands over first. First ask `Node.refusal`."""

    on: bool
    forced: bool = False
    """Also if nobody takes over."""


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """`hactl resume`: a node that was suspended because it switched too often takes part fully again."""


@dataclass(frozen=True, slots=True)
class PingResult:
    """One round of a ping check is over for one host."""

    group: str
    host: IPAddress
    answered: bool


@dataclass(frozen=True, slots=True)
class ConnectionsReported:
    """Whether this node's kernel has the connections of the other one."""

    lacking: str
    """What is missing, as a plain phrase: a node does not take over from a healthy one with that. Empty:
    nothing, or nothing that waiting would bring."""


@dataclass(frozen=True, slots=True)
class UpgradeReported:
    """What the upgrade of the pair's firmware asks of the node. Nothing of it is remembered: a daemon that
    starts anew is told anew."""

    frozen: bool = False
    """Preference moves nothing until it is over; better health does."""
    restarting: str = ""
    """The node, backup, is about to restart for it: it is kept out like in maintenance, and this says why.
    Empty: it takes part."""


@dataclass(frozen=True, slots=True)
class PeerReport:
    """The other node's words over the hotwire; None: it has been silent for too long, nobody knows why."""

    peer: Peer | None


@dataclass(frozen=True, slots=True)
class PeerGoodbye:
    """The other node leaves on purpose, and said so over the hotwire (a stop, a restart)."""

    reason: str


@dataclass(frozen=True, slots=True)
class PeerDied:
    """The peer's system closed the connection over the hotwire, without a goodbye: its daemon is dead."""


@dataclass(frozen=True, slots=True)
class HotwireChanged:
    """The link of the hotwire."""

    carrier: bool


Order: TypeAlias = (
    Start
    | Stop
    | Tick
    | GuardActed
    | ActionFailed
    | SwitchRequested
    | MaintenanceRequested
    | ResumeRequested
    | UpgradeReported
)
"""What the node is told by its own system and its administrator."""

Observation: TypeAlias = (
    PortChanged
    | AdvertisementReceived
    | AdvertisementDiscarded
    | FrameReceived
    | PingResult
    | ConnectionsReported
    | PeerReport
    | PeerGoodbye
    | PeerDied
    | HotwireChanged
)
"""What is seen of the world around it."""

Event: TypeAlias = Order | Observation
